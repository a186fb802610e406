using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.Extensions.DependencyInjection;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Storage.Tests;

public abstract class RedemptionContract(Database database) : GrantContract(database)
{
    [Fact]
    public async Task Of_50_parallel_redemptions_on_two_nodes_exactly_one_succeeds()
    {
        var token = await AddTokenAsync();

        var redeemed = await RaceAsync(50, services => RedeemAsync(services, token), Node, StartNode());

        redeemed.Count(success => success).ShouldBe(1);
        (await FindAsync(token))!.Status.ShouldBe(Statuses.Redeemed);
        (await FindAsync(token))!.RedemptionDate.ShouldBe(Now.UtcDateTime);
    }

    [Fact]
    public async Task Of_50_parallel_redemptions_by_the_library_exactly_one_succeeds()
    {
        var token = await AddTokenAsync();

        var redeemed = await RaceAsync(
            50,
            async services =>
            {
                var read = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
                if (await Tokens(services).HasStatusAsync(read!, Statuses.Redeemed, Cancel))
                {
                    return false;
                }

                var success = await Tokens(services).TryRedeemAsync(read!, Cancel);
                await services.GetRequiredService<UnitOfWork>().CommitAsync(Cancel);
                return success;
            },
            Node,
            StartNode());

        redeemed.Count(success => success).ShouldBe(1);
    }

    [Fact]
    public async Task The_librarys_own_redemption_finds_it_done_and_writes_nothing()
    {
        var token = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            var read = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            (await RedeemAsync(services, token)).ShouldBeTrue();
            (await Tokens(services).TryRedeemAsync(read!, Cancel)).ShouldBeTrue();
            services.GetRequiredService<UnitOfWork>().IsOpen.ShouldBeFalse("nothing was left to write");
        });
    }

    [Theory]
    [InlineData(Statuses.Redeemed)]
    [InlineData(Statuses.Revoked)]
    [InlineData(Statuses.Inactive)]
    [InlineData(Statuses.Rejected)]
    public async Task Only_a_valid_token_can_be_redeemed(string status)
    {
        var token = await AddTokenAsync(null, null, token => token.Status = status);

        (await InScopeAsync(services => RedeemAsync(services, token))).ShouldBeFalse();
        (await FindAsync(token))!.Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_token_that_does_not_exist_cannot_be_redeemed() =>
        (await InScopeAsync(services => RedeemAsync(services, new Token()))).ShouldBeFalse();

    [Fact]
    public async Task Whoever_lost_the_race_sees_the_token_as_it_is_now()
    {
        var token = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            await CommittedAsync(other => RedeemAsync(other, token));
            (await RedeemAsync(services, token)).ShouldBeFalse();
            var now = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            (await Tokens(services).HasStatusAsync(now!, Statuses.Redeemed, Cancel)).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task A_replay_kills_the_family_and_leaves_the_next_family_alone()
    {
        var (client, authorization) = await AddGrantAsync();
        var next = await AddAuthorizationAsync(client, other => other.Subject = authorization.Subject);
        var code = await AddTokenAsync(client, authorization, token => token.Status = Statuses.Redeemed);
        var access = await AddTokenAsync(client, authorization);
        var refresh = await AddTokenAsync(client, authorization);
        var foreign = await AddTokenAsync(client, next);

        (await CommittedAsync(services =>
            services.GetRequiredService<TokenOperations>().RevokeFamilyAsync(authorization.Id!, Cancel))).ShouldBe(2);

        (await FindAsync(authorization))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(access))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(refresh))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(code))!.Status.ShouldBe(Statuses.Redeemed);
        (await FindAsync(foreign))!.Status.ShouldBe(Statuses.Valid);
        (await FindAsync(next))!.Status.ShouldBe(Statuses.Valid);
    }

    [Fact]
    public async Task The_librarys_answer_to_a_replay_kills_the_authorization_too()
    {
        var (client, authorization) = await AddGrantAsync();
        await AddTokenAsync(client, authorization);

        await CommittedAsync(async services =>
        {
            await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel);
            await Tokens(services).RevokeByAuthorizationIdAsync(authorization.Id!, Cancel);
            var now = await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel);
            (await Authorizations(services).HasStatusAsync(now!, Statuses.Revoked, Cancel)).ShouldBeTrue();
        });

        (await FindAsync(authorization))!.Status.ShouldBe(Statuses.Revoked);
    }

    [Fact]
    public async Task Ending_a_session_revokes_what_every_client_was_given_in_it()
    {
        var user = await AddUserAsync();
        var (session, other) = (await AddSessionAsync(user), await AddSessionAsync(user));
        var (first, one) = await AddGrantAsync(authorization => authorization.SessionId = session.Id);
        var (second, two) = await AddGrantAsync(authorization => authorization.SessionId = session.Id);
        var apart = await AddAuthorizationAsync(second, authorization => authorization.SessionId = other.Id);
        var (a, b, c) = (await AddTokenAsync(first, one), await AddTokenAsync(second, two), await AddTokenAsync(second, apart));

        (await CommittedAsync(services =>
            services.GetRequiredService<SessionOperations>().RevokeTokensOfSessionAsync(session.Id, Cancel))).ShouldBe(2);

        (await FindAsync(a))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(b))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(one))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(two))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(c))!.Status.ShouldBe(Statuses.Valid);
        (await FindAsync(apart))!.Status.ShouldBe(Statuses.Valid);
    }

    private static async Task<bool> RedeemAsync(IServiceProvider services, Token token)
    {
        var success = await services.GetRequiredService<TokenOperations>().TryRedeemAsync(token.Id!, Now, Cancel);
        await services.GetRequiredService<UnitOfWork>().CommitAsync(Cancel);
        return success;
    }
}

public sealed class RedemptionOnSqlite(SqliteDatabase database) : RedemptionContract(database), IClassFixture<SqliteDatabase>;

public sealed class RedemptionOnPostgreSql(PostgreSqlDatabase database) : RedemptionContract(database), IClassFixture<PostgreSqlDatabase>;

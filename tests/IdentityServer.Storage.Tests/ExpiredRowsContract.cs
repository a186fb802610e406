using IdentityServer.Domain.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Storage.Tests;

public abstract class ExpiredRowsContract(Database database) : GrantContract(database)
{
    private static readonly TimeSpan ShortGrace = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongGrace = TimeSpan.FromDays(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Tokens_go_an_hour_after_their_expiry()
    {
        var token = await AddTokenAsync(null, null, token => token.ExpirationDate = Now.UtcDateTime);

        await DeleteAsync(Now + ShortGrace);
        (await FindAsync(token)).ShouldNotBeNull();

        await DeleteAsync(Now + ShortGrace + Moment);
        (await FindAsync(token)).ShouldBeNull();
    }

    [Theory]
    [InlineData(Statuses.Redeemed)]
    [InlineData(Statuses.Revoked)]
    public async Task A_dead_token_stays_until_it_expires_so_that_its_replay_is_recognised(string status)
    {
        var token = await AddTokenAsync(
            null, null, token => (token.Status, token.ExpirationDate) = (status, Now.AddDays(14).UtcDateTime));

        await DeleteAsync(Now.AddDays(14));

        (await FindAsync(token))!.Status.ShouldBe(status);
    }

    [Fact]
    public async Task A_session_goes_with_its_challenge_and_authorizations_a_day_after_it_is_over()
    {
        var session = await AddSessionAsync(await AddUserAsync(), session => session.ExpiresAt = Now);
        var (client, authorization) = await AddGrantAsync(authorization => authorization.SessionId = session.Id);
        var token = await AddTokenAsync(client, authorization, token => token.ExpirationDate = Now.UtcDateTime);

        await DeleteAsync(Now + LongGrace);
        (await SessionExistsAsync(session)).ShouldBeTrue();
        (await ChallengeExistsAsync(session.ChallengeId)).ShouldBeTrue();
        (await FindAsync(authorization)).ShouldNotBeNull();

        await DeleteAsync(Now + LongGrace + Moment);
        (await SessionExistsAsync(session)).ShouldBeFalse();
        (await ChallengeExistsAsync(session.ChallengeId)).ShouldBeFalse();
        (await FindAsync(authorization)).ShouldBeNull();
        (await FindAsync(token)).ShouldBeNull();
    }

    [Theory]
    [InlineData(Statuses.Valid)]
    [InlineData(Statuses.Redeemed)]
    public async Task A_session_that_a_token_still_refers_to_stays_with_all_between(string status)
    {
        var session = await AddSessionAsync(await AddUserAsync(), session => session.ExpiresAt = Now);
        var (client, authorization) = await AddGrantAsync(authorization => authorization.SessionId = session.Id);
        await AddTokenAsync(client, authorization, token => (token.Status, token.ExpirationDate) = (status, Now.AddDays(30).UtcDateTime));
        var empty = await AddAuthorizationAsync(client, other => other.SessionId = session.Id);

        await DeleteAsync(Now.AddDays(30));

        (await SessionExistsAsync(session)).ShouldBeTrue();
        (await ChallengeExistsAsync(session.ChallengeId)).ShouldBeTrue();
        (await FindAsync(authorization)).ShouldNotBeNull();
        (await FindAsync(empty)).ShouldBeNull("nothing hangs on it");

        await DeleteAsync(Now.AddDays(30) + ShortGrace + Moment);
        (await SessionExistsAsync(session)).ShouldBeFalse();
        (await FindAsync(authorization)).ShouldBeNull();
    }

    [Fact]
    public async Task An_authorization_of_an_open_session_stays_without_tokens()
    {
        var session = await AddSessionAsync(await AddUserAsync());
        var (_, authorization) = await AddGrantAsync(authorization => authorization.SessionId = session.Id);

        await DeleteAsync(session.ExpiresAt);

        (await FindAsync(authorization)).ShouldNotBeNull();
        (await SessionExistsAsync(session)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_authorization_of_no_session_goes_a_day_after_it_was_made_unless_a_token_hangs_on_it()
    {
        var (client, loose) = await AddGrantAsync();
        var held = await AddAuthorizationAsync(client);
        await AddTokenAsync(client, held, token => token.ExpirationDate = Now.AddDays(30).UtcDateTime);

        await DeleteAsync(Now + LongGrace);
        (await FindAsync(loose)).ShouldNotBeNull();

        await DeleteAsync(Now + LongGrace + Moment);
        (await FindAsync(loose)).ShouldBeNull();
        (await FindAsync(held)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(ChallengeState.Open)]
    [InlineData(ChallengeState.Closed)]
    public async Task A_challenge_that_opened_no_session_goes_a_day_after_its_expiry(ChallengeState state)
    {
        var challenge = await AddChallengeAsync(await AddUserAsync(), challenge => (challenge.State, challenge.ExpiresAt) = (state, Now));

        await DeleteAsync(Now + LongGrace);
        (await ChallengeExistsAsync(challenge.Id)).ShouldBeTrue();

        await DeleteAsync(Now + LongGrace + Moment);
        (await ChallengeExistsAsync(challenge.Id)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_consumed_challenge_stays_as_long_as_its_session()
    {
        var session = await AddSessionAsync(await AddUserAsync());

        await DeleteAsync(session.ExpiresAt);

        (await ChallengeExistsAsync(session.ChallengeId)).ShouldBeTrue();
    }

    [Fact]
    public async Task Messages_counters_and_questions_go_after_their_expiry()
    {
        var user = await AddUserAsync();
        var id = Guid.CreateVersion7();
        var key = $"test/{id:N}";
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.OutboxMessages.Add(new OutboxMessage { Id = id, Kind = "k", UserId = user.Id, CreatedAt = Now, ExpiresAt = Now });
            db.Counters.Add(new Counter { Key = key, ExpiresAt = Now });
            db.ConsentQuestions.Add(new ConsentQuestion { RequestUri = key, UserId = user.Id, ClientId = "c", RedirectUri = "r", Scopes = "s", ExpiresAt = Now });
            await db.SaveChangesAsync(Cancel);
        });

        await DeleteAsync(Now + ShortGrace);
        (await ExistAsync()).ShouldBe((true, true, true));
        await DeleteAsync(Now + ShortGrace + Moment);
        (await ExistAsync()).ShouldBe((true, false, false));
        await DeleteAsync(Now + LongGrace + Moment);
        (await ExistAsync()).ShouldBe((false, false, false));

        Task<(bool Message, bool Counter, bool Question)> ExistAsync() => InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            return (await db.OutboxMessages.AnyAsync(row => row.Id == id, Cancel),
                await db.Counters.AnyAsync(row => row.Key == key, Cancel),
                await db.ConsentQuestions.AnyAsync(row => row.RequestUri == key, Cancel));
        });
    }

    [Fact]
    public async Task Notices_to_clients_are_kept_a_week_longer_for_those_who_run_the_clients()
    {
        var id = Guid.CreateVersion7();
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.OutboxMessages.Add(new OutboxMessage { Id = id, Kind = "k", Queue = OutboxQueue.Notifications, ClientRowId = "shop", UserId = Guid.NewGuid(), CreatedAt = Now, ExpiresAt = Now });
            await db.SaveChangesAsync(Cancel);
        });

        await DeleteAsync(Now.AddDays(7));
        (await ExistsAsync()).ShouldBeTrue();
        await DeleteAsync(Now.AddDays(7) + Moment);
        (await ExistsAsync()).ShouldBeFalse();

        Task<bool> ExistsAsync() => InScopeAsync(services =>
            services.GetRequiredService<IdentityServerDbContext>().OutboxMessages.AnyAsync(row => row.Id == id, Cancel));
    }

    [Fact]
    public async Task A_batch_is_a_bound_and_the_oldest_go_first()
    {
        var old = Now.AddYears(-1);
        var tokens = new List<Token>();
        for (var day = 0; day < 5; day++)
        {
            tokens.Add(await AddTokenAsync(null, null, token => token.ExpirationDate = old.AddDays(day).UtcDateTime));
        }

        await InScopeAsync(services => services.GetRequiredService<ExpiredRows>().DeleteAsync(old.AddDays(10), 3, Cancel));

        (await Task.WhenAll(tokens.Select(FindAsync))).Select(token => token is not null).ShouldBe([false, false, false, true, true]);
    }

    [Fact]
    public async Task Two_nodes_that_prune_at_once_do_not_disturb_each_other()
    {
        var old = Now.AddYears(-2);
        for (var index = 0; index < 60; index++)
        {
            await AddTokenAsync(null, null, token => token.ExpirationDate = old.UtcDateTime);
        }

        var deleted = await RaceAsync(
            8, services => services.GetRequiredService<ExpiredRows>().DeleteAsync(old.AddDays(1), 10, Cancel), Node, StartNode());

        deleted.Sum().ShouldBeLessThanOrEqualTo(60);
        await DeleteAsync(old.AddDays(1));
        (await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Tokens
            .CountAsync(token => token.ExpirationDate == old.UtcDateTime, Cancel))).ShouldBe(0);
    }

    // As the background service does it: until nothing is left.
    private Task DeleteAsync(DateTimeOffset now) => InScopeAsync(async services =>
    {
        var expired = services.GetRequiredService<ExpiredRows>();
        while (await expired.DeleteAsync(now, 500, Cancel) > 0)
        {
        }
    });

    private Task<bool> SessionExistsAsync(AuthenticationSession session) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().AuthenticationSessions.AnyAsync(row => row.Id == session.Id, Cancel));

    private Task<bool> ChallengeExistsAsync(Guid id) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().OtpChallenges.AnyAsync(row => row.Id == id, Cancel));
}

public sealed class ExpiredRowsOnSqlite(SqliteDatabase database) : ExpiredRowsContract(database), IClassFixture<SqliteDatabase>;

public sealed class ExpiredRowsOnPostgreSql(PostgreSqlDatabase database) : ExpiredRowsContract(database), IClassFixture<PostgreSqlDatabase>;

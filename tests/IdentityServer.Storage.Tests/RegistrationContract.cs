using System.Security.Cryptography;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class RegistrationContract(Database database) : StorageContract(database)
{
    [Fact]
    public async Task Of_100_parallel_uses_on_two_nodes_exactly_as_many_count_as_there_are()
    {
        var id = await AddTokenAsync(token => token.UsesLeft = 7);

        var spent = await RaceAsync(100, services => SpendAsync(services, id), Node, StartNode());

        spent.Count(each => each).ShouldBe(7);
        (await UsesAsync(id)).ShouldBe(0);
    }

    [Fact]
    public async Task A_use_that_is_not_committed_was_none()
    {
        var id = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            (await SpendAsync(services, id)).ShouldBeTrue();
        });

        (await UsesAsync(id)).ShouldBe(1);
    }

    [Fact]
    public async Task A_token_is_over_at_the_end_of_its_time_and_when_it_is_revoked()
    {
        var (lapsing, revoked) = (await AddTokenAsync(token => token.UsesLeft = 9), await AddTokenAsync(token => token.UsesLeft = 9));

        (await InScopeAsync(services => SpendAsync(services, lapsing, Now.AddDays(1).AddMilliseconds(-1)))).ShouldBeTrue();
        (await InScopeAsync(services => SpendAsync(services, lapsing, Now.AddDays(1)))).ShouldBeFalse();
        (await InScopeAsync(services => RevokeAsync(services, revoked))).ShouldBeTrue();
        (await InScopeAsync(services => RevokeAsync(services, revoked))).ShouldBeFalse();
        (await InScopeAsync(services => SpendAsync(services, revoked))).ShouldBeFalse();
        (await InScopeAsync(services => SpendAsync(services, "rt-nobody"))).ShouldBeFalse();
        (await InScopeAsync(services => RevokeAsync(services, "rt-nobody"))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_client_is_deleted_with_all_that_it_was_given_and_nothing_of_others()
    {
        var (user, client, other) = (await AddUserAsync(), await AddClientAsync(), await AddClientAsync());
        foreach (var each in new[] { client, other })
        {
            await GiveAsync(each, user);
        }

        (await CommittedAsync(services => DeleteAsync(services, client))).ShouldBeTrue();
        (await CommittedAsync(services => DeleteAsync(services, client))).ShouldBeFalse();

        (await HoldsAsync(client)).ShouldBe((0, 0, 0, 0, 0, 0));
        (await HoldsAsync(other)).ShouldBe((1, 1, 1, 1, 1, 1));
    }

    private static Task<bool> SpendAsync(IServiceProvider services, string id, DateTimeOffset? now = null) =>
        services.GetRequiredService<RegistrationOperations>().TrySpendAsync(id, now ?? Now, Cancel);

    private static Task<bool> RevokeAsync(IServiceProvider services, string id) => services.GetRequiredService<RegistrationOperations>().TryRevokeAsync(id, Now, Cancel);

    private static async Task<bool> DeleteAsync(IServiceProvider services, Client client)
    {
        await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
        return (await services.GetRequiredService<RegistrationOperations>().DeleteClientAsync(client.Id!, client.ClientId!, version: null, Cancel)).WasThere;
    }

    private Task<string> AddTokenAsync(Action<RegistrationToken>? adjust = null) => InScopeAsync(async services =>
    {
        var token = new RegistrationToken
        {
            Id = $"rt-{Guid.NewGuid():N}",
            Hash = RandomNumberGenerator.GetBytes(32),
            Label = "Test",
            CreatedAt = Now,
            ExpiresAt = Now.AddDays(1),
            UsesLeft = 1,
            Scopes = "openid",
        };
        adjust?.Invoke(token);
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.RegistrationTokens.Add(token);
        await db.SaveChangesAsync(Cancel);
        return token.Id;
    });

    private async Task GiveAsync(Client client, User user)
    {
        var initial = await AddTokenAsync();
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var authorization = new Authorization { ApplicationId = client.Id, Status = "valid", Subject = user.Id.ToString("D"), Type = "ad-hoc" };
            db.Authorizations.Add(authorization);
            db.Tokens.Add(new Token { ApplicationId = client.Id, AuthorizationId = authorization.Id, Status = "valid", Type = "refresh_token" });
            db.ConsentGrants.Add(new() { UserId = user.Id, ClientId = client.ClientId!, Scopes = "openid", GrantedAt = Now });
            db.ConsentQuestions.Add(new() { RequestUri = $"urn:{Guid.NewGuid():N}", UserId = user.Id, ClientId = client.ClientId!, RedirectUri = "https://app.example/", Scopes = "openid", ExpiresAt = Now });
            db.ClientRegistrations.Add(new() { ClientRowId = client.Id!, Hash = RandomNumberGenerator.GetBytes(32), CreatedAt = Now, RegistrationTokenId = initial });
            await db.SaveChangesAsync(Cancel);
        });
    }

    private Task<(int, int, int, int, int, int)> HoldsAsync(Client client) => InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        return (
            await db.Clients.CountAsync(row => row.Id == client.Id, Cancel), await db.ClientRegistrations.CountAsync(row => row.ClientRowId == client.Id, Cancel),
            await db.Tokens.CountAsync(row => row.ApplicationId == client.Id, Cancel), await db.Authorizations.CountAsync(row => row.ApplicationId == client.Id, Cancel),
            await db.ConsentGrants.CountAsync(row => row.ClientId == client.ClientId, Cancel), await db.ConsentQuestions.CountAsync(row => row.ClientId == client.ClientId, Cancel));
    });

    private Task<int> UsesAsync(string id) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().RegistrationTokens.Where(token => token.Id == id).Select(token => token.UsesLeft).SingleAsync(Cancel));
}

public sealed class RegistrationOnSqlite(SqliteDatabase database) : RegistrationContract(database), IClassFixture<SqliteDatabase>;

public sealed class RegistrationOnPostgreSql(PostgreSqlDatabase database) : RegistrationContract(database), IClassFixture<PostgreSqlDatabase>;

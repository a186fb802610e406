using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Storage.Tests;

/// <summary>
/// A client can be deleted while it is in use: whoever uses it and whoever deletes it take rows in one order, so that neither waits for the
/// other who waits for it. On SQLite one writes at a time.
/// </summary>
public sealed class ClientDeletionOnPostgreSql(PostgreSqlDatabase database) : GrantContract(database), IClassFixture<PostgreSqlDatabase>
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Whoever_redeems_a_token_waits_for_its_clients_deletion_before_they_hold_the_token()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        var redeemed = await WhileAsync(
            services => services.GetRequiredService<RegistrationOperations>().HoldClientAsync(client.Id!, Cancel),
            services => services.GetRequiredService<TokenOperations>().TryRedeemAsync(token.Id!, Now, Cancel),
            async services =>
            {
                (await AnyAsync(services, $"""SELECT 1 AS "Value" FROM tokens WHERE "Id" = {token.Id} FOR UPDATE SKIP LOCKED""")).ShouldBeTrue();
                (await DeleteAsync(services, client)).ShouldBeTrue();
            });

        redeemed.ShouldBeFalse("it went with its client");
    }

    [Fact]
    public async Task A_clients_deletion_waits_for_whoever_has_redeemed_a_token_and_does_not_keep_them_from_the_next()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);
        var next = new Token
        {
            ApplicationId = client.Id,
            AuthorizationId = authorization.Id,
            CreationDate = Now.UtcDateTime,
            Status = Statuses.Valid,
            Type = TokenTypeHints.RefreshToken,
        };

        var deleted = await WhileAsync(
            async services => (await services.GetRequiredService<TokenOperations>().TryRedeemAsync(token.Id!, Now, Cancel)).ShouldBeTrue(),
            services => DeleteAsync(services, client),
            services => services.GetRequiredService<IOpenIddictTokenStore<Token>>().CreateAsync(next, Cancel).AsTask());

        deleted.ShouldBeTrue();
        (await FindAsync(next)).ShouldBeNull();
    }

    [Fact]
    public async Task Whoever_signs_in_waits_for_the_clients_deletion_before_they_hold_the_session()
    {
        var client = await AddClientAsync();
        var session = await AddSessionAsync(await AddUserAsync());

        var opened = await WhileAsync(
            services => services.GetRequiredService<RegistrationOperations>().HoldClientAsync(client.Id!, Cancel),
            services => services.GetRequiredService<SignInProofOperations>().OpenAuthorizationAsync(
                new(client.Id!, session.UserId, "[\"openid\"]"), session.Id, Now, Cancel),
            async services =>
            {
                (await AnyAsync(services, $"""SELECT 1 AS "Value" FROM authentication_sessions WHERE "Id" = {session.Id} FOR UPDATE SKIP LOCKED""")).ShouldBeTrue();
                (await DeleteAsync(services, client)).ShouldBeTrue();
            });

        opened.ShouldBeNull("there is nothing to sign in to");
    }

    [Fact]
    public async Task A_clients_deletion_waits_for_whoever_revokes_an_authorization_before_it_holds_the_tokens()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        var deleted = await WhileAsync(
            services => Db(services).Database.ExecuteSqlAsync($"""SELECT 1 FROM authorizations WHERE "Id" = {authorization.Id} FOR NO KEY UPDATE""", Cancel),
            services => DeleteAsync(services, client),
            async services =>
            {
                (await AnyAsync(services, $"""SELECT 1 AS "Value" FROM tokens WHERE "Id" = {token.Id} FOR UPDATE SKIP LOCKED""")).ShouldBeTrue();
                (await services.GetRequiredService<TokenOperations>().RevokeFamilyAsync(authorization.Id!, Cancel)).ShouldBe(1);
            });

        deleted.ShouldBeTrue();
        (await FindAsync(token)).ShouldBeNull();
    }

    // One transaction holds something, another comes and waits for it, and the first goes on meanwhile and commits.
    private async Task<T> WhileAsync<T>(Func<IServiceProvider, Task> hold, Func<IServiceProvider, Task<T>> come, Func<IServiceProvider, Task> goOn)
    {
        Task<T>? coming = null;
        await CommittedAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await hold(services);
            coming = CommittedAsync(come);
            await UntilSomebodyWaitsAsync(services, coming);
            await goOn(services);
        });
        return await coming!.WaitAsync(_patience, Cancel);
    }

    private static async Task UntilSomebodyWaitsAsync(IServiceProvider services, Task coming)
    {
        while (!await AnyAsync(services, $"""SELECT 1 AS "Value" FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"""))
        {
            coming.IsCompleted.ShouldBeFalse("it waits for nothing");
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancel);
        }
    }

    private static async Task<bool> AnyAsync(IServiceProvider services, FormattableString rows) =>
        (await Db(services).Database.SqlQuery<int>(rows).ToListAsync(Cancel)).Count > 0;

    private static async Task<bool> DeleteAsync(IServiceProvider services, Client client)
    {
        await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
        return (await services.GetRequiredService<RegistrationOperations>().DeleteClientAsync(client.Id!, client.ClientId!, version: null, Cancel)).WasThere;
    }

    private static IdentityServerDbContext Db(IServiceProvider services) => services.GetRequiredService<IdentityServerDbContext>();
}

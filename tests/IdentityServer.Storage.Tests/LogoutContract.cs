using IdentityServer.Domain.Outbox;
using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Storage.Tests;

public abstract class LogoutContract(Database database) : GrantContract(database)
{
    [Fact]
    public async Task Each_client_that_took_part_counts_once_and_those_with_an_address_are_told()
    {
        var (user, session, other) = await AddSessionsAsync();
        var (told, revoked, untold, elsewhere) = (await AddClientAsync(told: true), await AddClientAsync(told: true), await AddClientAsync(told: false), await AddClientAsync(told: true));
        await AddAuthorizationAsync(told, row => row.SessionId = session);
        await AddAuthorizationAsync(told, row => row.SessionId = session);
        await AddAuthorizationAsync(revoked, row => (row.SessionId, row.Status) = (session, Statuses.Revoked));
        await AddAuthorizationAsync(untold, row => row.SessionId = session);
        await AddAuthorizationAsync(elsewhere, row => row.SessionId = other);

        var (clients, enqueued) = await CommittedAsync(services => services.GetRequiredService<LogoutOperations>().EnqueueAllAsync(user.Id, session, Now, Cancel));

        enqueued.ShouldBe(2);
        clients.ShouldBe([new(session, told.Id!), new(session, revoked.Id!), new(session, untold.Id!)], ignoreOrder: true);
        var messages = await MessagesAsync(user);
        messages.Select(message => message.ClientRowId).ShouldBe([told.Id, revoked.Id], ignoreOrder: true);
        foreach (var message in messages)
        {
            (message.Kind, message.Queue, message.State, message.DueAt).ShouldBe((LogoutNotification.Kind, OutboxQueue.Notifications, DeliveryState.Queued, Now));
            message.ExpiresAt.ShouldBe(Now + LogoutNotification.Lifetime);
            LogoutOperations.SessionOf(message).ShouldBe(session);
        }
    }

    [Fact]
    public async Task A_session_without_clients_tells_nobody()
    {
        var (user, session, _) = await AddSessionsAsync();

        var (clients, enqueued) = await CommittedAsync(services => services.GetRequiredService<LogoutOperations>().EnqueueAllAsync(user.Id, session, Now, Cancel));

        (clients.Count, enqueued).ShouldBe((0, 0));
        (await MessagesAsync(user)).ShouldBeEmpty();
    }

    private Task<List<OutboxMessage>> MessagesAsync(User user) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().OutboxMessages.AsNoTracking().Where(row => row.UserId == user.Id).ToListAsync(Cancel));

    private async Task<Client> AddClientAsync(bool told)
    {
        var client = await AddClientAsync();
        await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Clients.Where(row => row.Id == client.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.BackchannelLogout, told), Cancel));
        return client;
    }

    private async Task<(User User, Guid Session, Guid Other)> AddSessionsAsync()
    {
        var user = await AddUserAsync();
        var (one, two) = (Session(user), Session(user));
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.AddRange(one, two);
            await db.SaveChangesAsync(Cancel);
        });
        return (user, one.Id, two.Id);
    }

    private static AuthenticationSession Session(User user) => new()
    {
        Id = Guid.CreateVersion7(),
        UserId = user.Id,
        ChallengeId = Guid.NewGuid(),
        FamilyId = Guid.NewGuid(),
        HandleHash = new byte[32],
        AuthenticatedAt = Now,
        BrowserExpiresAt = Now.AddHours(12),
        ExpiresAt = Now.AddDays(14),
    };
}

public sealed class LogoutOnSqlite(SqliteDatabase database) : LogoutContract(database), IClassFixture<SqliteDatabase>;

public sealed class LogoutOnPostgreSql(PostgreSqlDatabase database) : LogoutContract(database), IClassFixture<PostgreSqlDatabase>;

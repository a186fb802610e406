using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Outbox;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// What one client was given in a session. It is all that a client's hint ends where the browser that holds the session does not ask:
/// the client could have revoked the same at the revocation endpoint, and what others were given is not its to end.
/// </summary>
internal sealed class ClientShare(
    IdentityServerDbContext db, UnitOfWork work, ClientShareOperations operations, ClientCache clients, AuditTrail audit)
{
    /// <summary>
    /// Revokes the client's authorizations of the session and their tokens, and tells the client, durably. Again changes nothing.
    /// </summary>
    public async Task EndAsync(AuthenticationSession session, string clientId, CancellationToken cancellationToken)
    {
        if (await clients.FindSettingsAsync(clientId, cancellationToken) is not { } client)
        {
            return;
        }

        await operations.Sessions.BeginAsync(session.UserId, cancellationToken);

        // Changes nothing and takes the row: whatever ends something of a session takes it first, so none waits for what the other holds.
        await db.AuthenticationSessions.Where(row => row.Id == session.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, row => row.EndedAt), cancellationToken);
        var given = await db.Authorizations.AsNoTracking()
            .Where(row => row.SessionId == session.Id && row.ApplicationId == client.Id && row.Status != Statuses.Revoked)
            .OrderBy(row => row.Id)
            .Select(row => row.Id!).ToListAsync(cancellationToken);
        foreach (var authorization in given)
        {
            await operations.Tokens.RevokeFamilyAsync(authorization, cancellationToken);
        }

        if (given.Count > 0 && client.Metadata.BackchannelLogoutUri is not null)
        {
            work.AfterCommit(() => operations.Outbox.Notify(OutboxQueue.Notifications));
            await operations.Logout.EnqueueAsync(
                session.UserId, new(session.Id, client.Id), operations.Clock.GetUtcNow(), cancellationToken);
        }

        if (given.Count > 0)
        {
            audit.Add(AuditEvents.ClientSignedOut, new(session.UserId, client.ClientId, session.Id));
            await db.SaveChangesAsync(cancellationToken);
        }

        await work.CommitAsync(cancellationToken);
    }
}

/// <summary>What ends a client's share and tells it.</summary>
internal sealed record ClientShareOperations(
    SessionOperations Sessions, TokenOperations Tokens, LogoutOperations Logout, OutboxSignal Outbox, TimeProvider Clock);

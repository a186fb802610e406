using System.Text.Json;
using IdentityServer.Domain.Outbox;
using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>A client that took part in a session: it was given something there, whether or not it still holds it.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="ClientRowId">The client's row, not its <c>client_id</c>.</param>
public sealed record SessionClient(Guid SessionId, string ClientRowId);

/// <summary>
/// Which clients took part in a session, and their notices. What is written here belongs into the commit that ends the session: one without
/// the other would leave a client signed in for good, or sign somebody out there whose session goes on.
/// </summary>
public sealed class LogoutOperations
{
    // Revoked authorizations count too: a client that gave its tokens back may well keep a session of its own.
    private static readonly SqlText OfSession = new(
        """
        SELECT DISTINCT c."Id", c."BackchannelLogout" FROM "authorizations" a JOIN "clients" c ON c."Id" = a."ApplicationId"
        WHERE a."SessionId" = $1 ORDER BY c."Id"
        """);

    private static readonly SqlText Waiting = new(
        """
        SELECT 1 FROM "outbox_messages" WHERE "ClientRowId" = $1 AND "DueAt" IS NOT NULL AND "Payload" = $2 LIMIT 1
        """);

    private readonly SqlRunner _sql;
    private readonly CeremonyWrites _writes;

    internal LogoutOperations(SqlRunner sql, CeremonyWrites writes) => (_sql, _writes) = (sql, writes);

    /// <summary>
    /// Enqueues a notice to every client that took part in a session and registered an address for it. Comes after the session was marked
    /// as ended, in the same unit of work: then no client can join it any more.
    /// </summary>
    /// <returns>All clients that took part, and how many notices were enqueued.</returns>
    public async Task<(IReadOnlyList<SessionClient> Clients, int Enqueued)> EnqueueAllAsync(
        Guid userId, Guid sessionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var clients = await _sql.ReadAsync(
            OfSession, [sessionId], row => (Client: new SessionClient(sessionId, row.GetString(0)), IsTold: row.GetBoolean(1)), cancellationToken);
        var told = clients.Where(client => client.IsTold).Select(client => client.Client).ToList();
        foreach (var client in told)
        {
            await EnqueueAsync(userId, client, now, cancellationToken);
        }

        return ([.. clients.Select(client => client.Client)], told.Count);
    }

    /// <summary>Enqueues a notice to one client, in the unit of work that is open, unless the same one waits to be sent already.</summary>
    public async Task EnqueueAsync(Guid userId, SessionClient client, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var payload = JsonSerializer.Serialize(new Told(client.SessionId));
        if (await _sql.ReadAsync(Waiting, [client.ClientRowId, payload], static _ => true, cancellationToken) is [true, ..])
        {
            return;
        }

        await _writes.AddAsync(
            new OutboxMessage
            {
                Id = Guid.CreateVersion7(now),
                Kind = LogoutNotification.Kind,
                Queue = OutboxQueue.Notifications,
                UserId = userId,
                ClientRowId = client.ClientRowId,
                Payload = payload,
                CreatedAt = now,
                DueAt = now,
                ExpiresAt = now + LogoutNotification.Lifetime,
            },
            cancellationToken);
    }

    /// <summary>The session whose end a notice tells of. Its row may be gone by then, with its account.</summary>
    public static Guid SessionOf(OutboxMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return JsonSerializer.Deserialize<Told>(message.Payload)!.SessionId;
    }

    private sealed record Told(Guid SessionId);
}

using System.Data.Common;
using IdentityServer.Domain.Outbox;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// The outbox's guarded writes. A message belongs to one node while its lease lasts; whoever lost the lease can no longer say what
/// became of the message, so a slow node never overwrites what a second one did.
/// </summary>
public sealed class OutboxOperations
{
    private const int LongestReply = 200;

    private const string Columns =
        """
        "Id", "Kind", "UserId", "ChallengeId", "Payload", "State", "Failures", "CreatedAt", "DueAt", "ExpiresAt", "LeasedBy", "LeasedUntil",
        "HandedOverAt", "LastReply", "Queue", "ClientRowId"
        """;

    // Of a client one at a time, its longest due: one that answers slowly, or has very many, holds up its own and nobody else's.
    private const string Due =
        """
        SELECT m."Id" FROM "outbox_messages" AS m
        WHERE m."Queue" = $5 AND m."DueAt" <= $3 AND m."ExpiresAt" > $3 AND (m."LeasedUntil" IS NULL OR m."LeasedUntil" <= $3)
          AND (m."ClientRowId" IS NULL OR NOT EXISTS (
            SELECT 1 FROM "outbox_messages" AS o
            WHERE o."ClientRowId" = m."ClientRowId" AND o."DueAt" IS NOT NULL
              AND (o."LeasedUntil" > $3 OR (o."DueAt" <= $3 AND o."ExpiresAt" > $3 AND (o."DueAt", o."Id") < (m."DueAt", m."Id")))))
        ORDER BY m."DueAt" LIMIT $4
        """;

    // SQLite has one writer, so the update sees what the one before it did. PostgreSQL steps over rows that another node is leasing.
    private static readonly SqlText LeaseOnSqlite = Lease("");

    private static readonly SqlText LeaseOnPostgreSql = Lease("FOR UPDATE SKIP LOCKED");

    private static readonly SqlText HandOver = Outcome("\"State\" = 1, \"DueAt\" = NULL, \"HandedOverAt\" = $4, \"LastReply\" = $5");

    private static readonly SqlText Defer = Outcome("\"State\" = 2, \"DueAt\" = $4, \"Failures\" = \"Failures\" + 1, \"LastReply\" = $5");

    private static readonly SqlText Refuse = Outcome("\"State\" = 3, \"DueAt\" = NULL, \"Failures\" = \"Failures\" + 1, \"LastReply\" = $4");

    private static readonly SqlText Abandon = Outcome("\"State\" = 4, \"DueAt\" = NULL");

    private static readonly SqlText Release = Outcome("\"DueAt\" = $4");

    private static readonly SqlText AbandonExpired = new(
        """
        UPDATE "outbox_messages" SET "State" = 4, "DueAt" = NULL, "LeasedBy" = NULL, "LeasedUntil" = NULL
        WHERE "Queue" = $2 AND "DueAt" IS NOT NULL AND "ExpiresAt" <= $1 AND ("LeasedUntil" IS NULL OR "LeasedUntil" <= $1)
        """);

    // Clients that are away leave many messages that wait for hours. Only those in front can be the next, however many stand behind them:
    // those that are leased, a few for each node, and the first that is not.
    private static readonly SqlText NextDue = new(
        """
        SELECT MIN(CASE WHEN m."LeasedUntil" > m."DueAt" THEN m."LeasedUntil" ELSE m."DueAt" END) FROM (
          SELECT "DueAt", "LeasedUntil" FROM "outbox_messages" WHERE "Queue" = $1 AND "DueAt" IS NOT NULL ORDER BY "DueAt" LIMIT 200) AS m
        """);

    private static readonly SqlText OfClient = new(
        $"""
        SELECT {Columns} FROM "outbox_messages" WHERE "ClientRowId" = $1 ORDER BY "CreatedAt" DESC LIMIT $2
        """);

    private readonly SqlRunner _sql;

    internal OutboxOperations(SqlRunner sql) => _sql = sql;

    /// <summary>Takes due messages for this node, the longest due first. Nobody else gets them until the lease ends.</summary>
    /// <param name="queue">Of this line only.</param>
    /// <param name="now">The time.</param>
    /// <param name="node">This node's name; at most 64 characters.</param>
    /// <param name="leaseFor">Longer than a delivery may take.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<OutboxMessage>> LeaseAsync(
        OutboxQueue queue, DateTimeOffset now, string node, TimeSpan leaseFor, int max, CancellationToken cancellationToken)
    {
        var messages = await _sql.WriteAsync(
            _sql.OnPostgreSql ? LeaseOnPostgreSql : LeaseOnSqlite, [node, Moment(now + leaseFor), Moment(now), max, (int)queue], Read, cancellationToken);
        messages.Sort(static (one, other) => Nullable.Compare(one.DueAt, other.DueAt));
        return messages;
    }

    /// <summary>A relay has taken the message.</summary>
    /// <returns>False when the lease was lost, and then nothing is written.</returns>
    public Task<bool> HandedOverAsync(OutboxMessage message, DateTimeOffset now, string? reply, CancellationToken cancellationToken) =>
        WriteAsync(HandOver, message, cancellationToken, Moment(now), Shorten(reply));

    /// <summary>The attempt failed; try again at the given time.</summary>
    /// <returns>False when the lease was lost, and then nothing is written.</returns>
    public Task<bool> DeferAsync(OutboxMessage message, DateTimeOffset nextDueAt, string? reply, CancellationToken cancellationToken) =>
        WriteAsync(Defer, message, cancellationToken, Moment(nextDueAt), Shorten(reply));

    /// <summary>The relay refused the message for good.</summary>
    /// <returns>False when the lease was lost, and then nothing is written.</returns>
    public Task<bool> RefuseAsync(OutboxMessage message, string? reply, CancellationToken cancellationToken) =>
        WriteAsync(Refuse, message, cancellationToken, Shorten(reply));

    /// <summary>The message has lost its use; it is never sent.</summary>
    /// <returns>False when the lease was lost, and then nothing is written.</returns>
    public Task<bool> AbandonAsync(OutboxMessage message, CancellationToken cancellationToken) =>
        WriteAsync(Abandon, message, cancellationToken);

    /// <summary>Gives the lease back with nothing tried, as when the node stops; another may take the message at once.</summary>
    /// <returns>False when the lease was lost, and then nothing is written.</returns>
    public Task<bool> ReleaseAsync(OutboxMessage message, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        WriteAsync(Release, message, cancellationToken, Moment(dueAt));

    /// <summary>Abandons every message of a line that expired unsent; one that is being sent right now keeps its lease.</summary>
    /// <returns>How many.</returns>
    public Task<int> AbandonExpiredAsync(OutboxQueue queue, DateTimeOffset now, CancellationToken cancellationToken) =>
        _sql.WriteAsync(AbandonExpired, [Moment(now), (int)queue], cancellationToken);

    /// <summary>When the next message of a line can be leased, or null when none waits. May lie in the past.</summary>
    public async Task<DateTimeOffset?> NextDueAtAsync(OutboxQueue queue, CancellationToken cancellationToken)
    {
        var next = await _sql.ReadAsync(NextDue, [(int)queue], static row => row.NullableMoment(0), cancellationToken);
        return next[0];
    }

    /// <summary>What a client was told last, newest first, as far as it is kept.</summary>
    /// <param name="clientRowId">The client's row, not its <c>client_id</c>.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<List<OutboxMessage>> OfClientAsync(string clientRowId, int max, CancellationToken cancellationToken) =>
        _sql.ReadAsync(OfClient, [clientRowId, max], Read, cancellationToken);

    private static SqlText Lease(string locking) => new(
        $"""
        UPDATE "outbox_messages" SET "LeasedBy" = $1, "LeasedUntil" = $2 WHERE "Id" IN ({Due} {locking}) RETURNING {Columns}
        """);

    private static SqlText Outcome(string assignments) => new(
        $"""
        UPDATE "outbox_messages" SET {assignments}, "LeasedBy" = NULL, "LeasedUntil" = NULL
        WHERE "Id" = $1 AND "LeasedBy" = $2 AND "LeasedUntil" = $3
        """);

    private async Task<bool> WriteAsync(SqlText sql, OutboxMessage message, CancellationToken cancellationToken, params object?[] facts)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.LeasedBy is not { } node || message.LeasedUntil is not { } until)
        {
            throw new ArgumentException("The message was not leased.", nameof(message));
        }

        return await _sql.WriteAsync(sql, [message.Id, node, Moment(until), .. facts], cancellationToken) == 1;
    }

    private static OutboxMessage Read(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Kind = row.GetString(1),
        UserId = row.GetGuid(2),
        ChallengeId = row.IsDBNull(3) ? null : row.GetGuid(3),
        Payload = row.GetString(4),
        State = (DeliveryState)row.GetInt32(5),
        Failures = row.GetInt32(6),
        CreatedAt = row.Moment(7),
        DueAt = row.NullableMoment(8),
        ExpiresAt = row.Moment(9),
        LeasedBy = row.NullableText(10),
        LeasedUntil = row.NullableMoment(11),
        HandedOverAt = row.NullableMoment(12),
        LastReply = row.NullableText(13),
        Queue = (OutboxQueue)row.GetInt32(14),
        ClientRowId = row.NullableText(15),
    };

    private static long Moment(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds();

    private static string? Shorten(string? reply) => reply is { Length: > LongestReply } ? reply[..LongestReply] : reply;
}

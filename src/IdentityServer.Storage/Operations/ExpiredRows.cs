using System.Globalization;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Outbox;
using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Deletes rows that say nothing any more, by ranges of an index and a batch at a time, each in a short commit of its own: whoever
/// signs in meanwhile waits for one batch at most. Safe on several nodes at once.
/// </summary>
public sealed class ExpiredRows
{
    // Nodes' clocks differ, and a person may look at a page a little late.
    private static readonly TimeSpan ShortGrace = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongGrace = TimeSpan.FromDays(1);

    // A redeemed token stays until it expires: until then its replay must be recognised, and must kill its family.
    private static readonly Deletion Tokens = new("tokens", "Id", """SELECT "Id" FROM "tokens" WHERE "ExpirationDate" < $1 ORDER BY "ExpirationDate" """);

    // From the leaves to the root: a session goes when no authorization hangs on it, an authorization when no token does. So no
    // token that is still there, live or redeemed, ever loses the session that it must be checked against.
    private static readonly Deletion AuthorizationsOfSessions = new(
        "authorizations",
        "Id",
        """
        SELECT a."Id" FROM "authentication_sessions" s JOIN "authorizations" a ON a."SessionId" = s."Id"
        WHERE s."ExpiresAt" < $1 AND NOT EXISTS (SELECT 1 FROM "tokens" t WHERE t."AuthorizationId" = a."Id")
        ORDER BY s."ExpiresAt"
        """,
        "a");

    private static readonly Deletion AuthorizationsWithoutSession = new(
        "authorizations",
        "Id",
        """
        SELECT a."Id" FROM "authorizations" a
        WHERE a."SessionId" IS NULL AND a."CreationDate" < $1 AND NOT EXISTS (SELECT 1 FROM "tokens" t WHERE t."AuthorizationId" = a."Id")
        """,
        "a");

    // A consumed challenge is what its session descends from, and goes with it.
    private static readonly Deletion ConsumedChallenges = new("otp_challenges", "Id", OverSessions("ChallengeId"), "s");

    private static readonly Deletion Sessions = new("authentication_sessions", "Id", OverSessions("Id"), "s");

    private static readonly Deletion OtherChallenges = new(
        "otp_challenges",
        "Id",
        """SELECT "Id" FROM "otp_challenges" WHERE "State" <> 1 AND "ExpiresAt" < $1 ORDER BY "ExpiresAt" """);

    private static readonly Deletion Messages = MessagesOf(OutboxQueue.Mail);

    // Whoever runs a client looks there some days later for what it was not told.
    private static readonly Deletion Notifications = MessagesOf(OutboxQueue.Notifications);

    private static readonly Deletion PendingAccounts = ByExpiry("pending_accounts", "ChallengeId");

    private static readonly Deletion PendingAddresses = ByExpiry("pending_addresses", "ChallengeId");

    private static readonly Deletion FormerAddresses = new(
        "former_addresses",
        "UserId\", \"NormalizedEmail",
        """SELECT "UserId", "NormalizedEmail" FROM "former_addresses" WHERE "ExpiresAt" < $1 ORDER BY "ExpiresAt" """);

    private static readonly Deletion Counters = ByExpiry("counters", "Key");

    private static readonly Deletion Questions = new(
        "consent_questions",
        "RequestUri\", \"UserId",
        """SELECT "RequestUri", "UserId" FROM "consent_questions" WHERE "ExpiresAt" < $1 ORDER BY "ExpiresAt" """);

    private static readonly Deletion Invitations = ByExpiry("client_invitations", "Id");

    private static readonly Deletion TestMails = ByExpiry("test_mails", "Id");

    private static readonly Deletion TrialRuns = ByExpiry("trial_runs", "Id");

    private static readonly Deletion IdempotencyRecords = ByExpiry("idempotency_records", "Key");

    private static readonly Deletion Failures = new(
        "client_failures", "Id", """SELECT "Id" FROM "client_failures" WHERE "At" < $1 ORDER BY "At" """);

    private static readonly Deletion RetiredSecrets = new(
        "client_secrets", "Id", """SELECT "Id" FROM "client_secrets" WHERE "RetiredAt" < $1 ORDER BY "RetiredAt" """);

    // A day is a number of its own, not a moment.
    private static readonly Deletion Activity = new(
        "client_activity",
        "ClientRowId\", \"Day\", \"Kind",
        """SELECT "ClientRowId", "Day", "Kind" FROM "client_activity" WHERE "Day" < $1 / 86400000 ORDER BY "Day" """);

    private static readonly (Deletion Rows, TimeSpan Grace)[] Order =
    [
        (Tokens, ShortGrace),
        (AuthorizationsOfSessions, LongGrace),
        (AuthorizationsWithoutSession, LongGrace),
        (ConsumedChallenges, LongGrace),
        (Sessions, LongGrace),
        (OtherChallenges, LongGrace),
        (PendingAccounts, LongGrace),
        (PendingAddresses, LongGrace),
        (FormerAddresses, LongGrace),
        (Messages, LongGrace),
        (Notifications, LogoutNotification.Kept),
        (Counters, ShortGrace),
        (Questions, ShortGrace),
        (Invitations, ShortGrace),
        (TestMails, ShortGrace),
        (TrialRuns, ShortGrace),
        (IdempotencyRecords, ShortGrace),
        (Failures, DiagnosisPolicy.FailuresKept),
        (RetiredSecrets, SecretRotation.RetiredKept),
        (Activity, DiagnosisPolicy.ActivityKept),
    ];

    private readonly SqlRunner _sql;

    internal ExpiredRows(SqlRunner sql) => _sql = sql;

    /// <summary>Deletes at most a batch of each kind of row.</summary>
    /// <param name="now">The time.</param>
    /// <param name="batch">Rows of a kind that one commit deletes at most; 500 keeps writers waiting for milliseconds.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>How many rows went. Call again while any did.</returns>
    public async Task<int> DeleteAsync(DateTimeOffset now, int batch, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        var deleted = 0;
        foreach (var (rows, grace) in Order)
        {
            var before = (now - grace).ToUnixTimeMilliseconds();
            deleted += await _sql.WriteAsync(_sql.OnPostgreSql ? rows.OnPostgreSql : rows.OnSqlite, [before, batch], cancellationToken);
        }

        return deleted;
    }

    private static string OverSessions(string column) =>
        $"""
        SELECT s."{column}" FROM "authentication_sessions" s
        WHERE s."ExpiresAt" < $1 AND NOT EXISTS (SELECT 1 FROM "authorizations" a WHERE a."SessionId" = s."Id")
        ORDER BY s."ExpiresAt"
        """;

    private static Deletion MessagesOf(OutboxQueue queue) => new(
        "outbox_messages",
        "Id",
        string.Create(
            CultureInfo.InvariantCulture,
            $"""SELECT "Id" FROM "outbox_messages" WHERE "Queue" = {(int)queue} AND "ExpiresAt" < $1 ORDER BY "ExpiresAt" """));

    private static Deletion ByExpiry(string table, string key) =>
        new(table, key, $"""SELECT "{key}" FROM "{table}" WHERE "ExpiresAt" < $1 ORDER BY "ExpiresAt" """);

    /// <summary>One table's deletion. On PostgreSQL two nodes that prune at once step over each other's rows instead of waiting in a ring.</summary>
    private sealed class Deletion(string table, string key, string expired, string? locked = null)
    {
        public SqlText OnSqlite { get; } = Statement(table, key, $"{expired} LIMIT $2");

        public SqlText OnPostgreSql { get; } = Statement(
            table, key, $"{expired} LIMIT $2 FOR UPDATE {(locked is null ? "" : $"OF {locked}")} SKIP LOCKED");

        private static SqlText Statement(string table, string key, string expired) =>
            new($"""DELETE FROM "{table}" WHERE ("{key}") IN ({expired})""");
    }
}

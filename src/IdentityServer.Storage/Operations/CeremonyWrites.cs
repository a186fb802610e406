using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// The rows that every sign-in adds, past EF's change tracking. Each joins the open unit of work; without one it commits by itself.
/// A session is none of them: only consuming a challenge opens one.
/// </summary>
public sealed class CeremonyWrites
{
    private static readonly SqlText Challenge = new(
        """
        INSERT INTO "otp_challenges" ("Id", "UserId", "Purpose", "Seed", "BrowserHash", "CredentialVersion", "KeyId", "Reference", "State",
          "AttemptsLeft", "AccountSpent", "AccountDay", "AccountSpentOnDay", "Sends", "LastSentAt", "CreatedAt", "ExpiresAt",
          "ClientId", "RequestUri", "Browser", "Network", "Language", "LimitKey")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
        """);

    private static readonly SqlText Message = new(
        """
        INSERT INTO "outbox_messages" ("Id", "Kind", "Queue", "UserId", "ChallengeId", "ClientRowId", "Payload", "State", "Failures", "CreatedAt",
          "DueAt", "ExpiresAt")
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10)
        """);

    private static readonly SqlText Event = new(
        """
        INSERT INTO "audit_events" ("Id", "At", "Name", "UserId", "ClientId", "SessionId", "ChallengeId", "Network", "Details")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """);

    private static readonly SqlText Verify = new("""UPDATE "users" SET "EmailVerified" = TRUE WHERE "Id" = $1 AND NOT "EmailVerified" """);

    private readonly SqlRunner _sql;

    internal CeremonyWrites(SqlRunner sql) => _sql = sql;

    /// <summary>Adds a challenge that is open.</summary>
    /// <exception cref="ArgumentException">It is over: what was consumed must have been open once.</exception>
    public Task AddAsync(OtpChallenge row, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.State != ChallengeState.Open)
        {
            throw new ArgumentException("Only an open challenge can be added.", nameof(row));
        }

        return _sql.WriteAsync(
            Challenge,
            [
                row.Id, row.UserId, row.Purpose, row.Seed, row.BrowserHash, row.CredentialVersion, row.KeyId, row.Reference, (int)row.State,
                row.AttemptsLeft, row.AccountSpent, row.AccountDay, row.AccountSpentOnDay, row.Sends, Moment(row.LastSentAt),
                Moment(row.CreatedAt), Moment(row.ExpiresAt), row.ClientId, row.RequestUri, row.Browser, row.Network,
                row.Language, row.LimitKey,
            ],
            cancellationToken);
    }

    /// <summary>Adds a message that waits for its first attempt.</summary>
    /// <exception cref="ArgumentException">It is further on already.</exception>
    public Task AddAsync(OutboxMessage row, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row is not { State: DeliveryState.Queued, Failures: 0, DueAt: { } due, LeasedBy: null, LeasedUntil: null, HandedOverAt: null, LastReply: null })
        {
            throw new ArgumentException("Only a message that nobody has tried to send can be added.", nameof(row));
        }

        return _sql.WriteAsync(
            Message,
            [
                row.Id, row.Kind, (int)row.Queue, row.UserId, row.ChallengeId, row.ClientRowId, row.Payload, Moment(row.CreatedAt), Moment(due),
                Moment(row.ExpiresAt),
            ],
            cancellationToken);
    }

    /// <summary>Adds an audit event.</summary>
    public Task AddAsync(AuditEvent row, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(row);
        return _sql.WriteAsync(
            Event,
            [row.Id, Moment(row.At), row.Name, row.UserId, row.ClientId, row.SessionId, row.ChallengeId, row.Network, row.Details],
            cancellationToken);
    }

    /// <summary>Notes that an account's address has been proven; changes nothing when it was before.</summary>
    public Task VerifyAddressAsync(Guid userId, CancellationToken cancellationToken) => _sql.WriteAsync(Verify, [userId], cancellationToken);

    private static long Moment(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds();
}

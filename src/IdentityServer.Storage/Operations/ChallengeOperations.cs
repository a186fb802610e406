using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>Proof that a challenge was consumed just now. Only <see cref="ChallengeOperations.ConsumeAsync"/> can make one.</summary>
public sealed class ConsumedChallenge
{
    internal ConsumedChallenge(OtpChallenge challenge, AuthenticationSession session) => (Challenge, Session) = (challenge, session);

    /// <summary>The challenge, consumed.</summary>
    public OtpChallenge Challenge { get; }

    /// <summary>The session that was opened in the same transaction.</summary>
    public AuthenticationSession Session { get; }
}

/// <summary>The guarded writes on challenges. Every race is settled in a <c>WHERE</c> clause.</summary>
public sealed class ChallengeOperations
{
    /// <summary>The length of a network's window.</summary>
    public static readonly TimeSpan NetworkBucket = TimeSpan.FromHours(1);

    // Valid means: open, in time, and for the password and address that the account has now. Without an account it is for none: one that
    // was made or deleted meanwhile voids it.
    private const string Valid =
        """
        "State" = 0 AND "ExpiresAt" > $2
        AND "CredentialVersion" = COALESCE((SELECT u."CredentialVersion" FROM "users" u WHERE u."Id" = "otp_challenges"."UserId"), -1)
        """;

    private static readonly SqlText Spend = new(
        $"""
        UPDATE "otp_challenges" SET "AttemptsLeft" = "AttemptsLeft" - 1
        WHERE "Id" = $1 AND {Valid} AND "AttemptsLeft" > 0 AND "BrowserHash" = $3 AND "Purpose" = $4
        RETURNING {ChallengeRow.Columns}
        """);

    private static readonly SqlText Charge = new(
        """
        UPDATE "otp_challenges" SET "AccountSpent" = "AccountSpent" + 1,
          "AccountSpentOnDay" = CASE WHEN "AccountDay" = $2 THEN "AccountSpentOnDay" + 1 ELSE 1 END, "AccountDay" = $2
        WHERE "Id" = $1
        """);

    private static readonly SqlText Consume = new($"""UPDATE "otp_challenges" SET "State" = 1 WHERE "Id" = $1 AND {Valid}""");

    private static readonly SqlText ConsumeProof = new($"""UPDATE "otp_challenges" SET "State" = 3 WHERE "Id" = $1 AND {Valid} AND "Purpose" <> 'sign-in'""");

    private static readonly SqlText CountSend = new(
        """
        UPDATE "otp_challenges" SET "Sends" = "Sends" + 1, "LastSentAt" = $2
        WHERE "Id" = $1 AND "Sends" = $3 AND "State" = 0 AND "ExpiresAt" > $2
        """);

    private static readonly SqlText Open = new(
        """
        SELECT "Id", "BrowserHash" FROM "otp_challenges" WHERE "UserId" = $1 AND "State" = 0 AND "ExpiresAt" > $2 AND "Purpose" = 'sign-in'
        ORDER BY "CreatedAt"
        """);

    private static readonly SqlText Close = new("""UPDATE "otp_challenges" SET "State" = 2 WHERE "Id" = $1 AND "State" = 0""");

    private static readonly SqlText CloseOfPurpose = new(
        """UPDATE "otp_challenges" SET "State" = 2 WHERE "UserId" = $1 AND "Purpose" = $2 AND "Id" <> $3 AND "State" = 0""");

    private static readonly SqlText OpenSession = new(
        """
        INSERT INTO "authentication_sessions" ("Id", "UserId", "ChallengeId", "FamilyId", "HandleHash", "AuthenticatedAt", "RequestUri",
          "Browser", "Network", "BrowserExpiresAt", "ExpiresAt")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """);

    // A browser holds one handle. An older one, copied from it, must not outlive the sign-in that replaces it.
    private static readonly SqlText RetireHandles = new(
        """
        UPDATE "authentication_sessions" SET "BrowserExpiresAt" = $4
        WHERE "UserId" = $1 AND "FamilyId" = $2 AND "Id" <> $3 AND "BrowserExpiresAt" > $4
        """);

    private readonly UnitOfWork _work;
    private readonly GuessBudgetOperations _budgets;
    private readonly CounterOperations _counters;
    private readonly ProofGuesses _proofs;
    private readonly SqlRunner _sql;

    internal ChallengeOperations(
        UnitOfWork work, GuessBudgetOperations budgets, CounterOperations counters, ProofGuesses proofs, SqlRunner sql) =>
        (_work, _budgets, _counters, _proofs, _sql) = (work, budgets, counters, proofs, sql);

    /// <summary>
    /// Spends one attempt of the challenge, one guess of its account and one of the network, in a commit of their own, before anything
    /// is compared: a crash or a race after this can only lose guesses, never win some.
    /// </summary>
    /// <param name="id">The challenge.</param>
    /// <param name="browserHash">SHA-256 of the secret that the browser shows.</param>
    /// <param name="purpose">What the code is meant for.</param>
    /// <param name="network">The network that guesses.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels before the commit.</param>
    public Task<SpendOutcome> SpendAsync(
        Guid id, byte[] browserHash, string purpose, string network, DateTimeOffset now, CancellationToken cancellationToken) =>
        _work.InOwnTransactionAsync<SpendOutcome>(
            async () =>
            {
                await _budgets.HoldByChallengeAsync(id, cancellationToken);
                var spent = await _sql.WriteAsync(
                    Spend, [id, now.ToUnixTimeMilliseconds(), browserHash, purpose], ChallengeRow.Read, cancellationToken);
                if (spent is not [var challenge])
                {
                    return new SpendOutcome.NotOpen();
                }

                var charged = await _counters.TrySpendAsync(
                    NetworkKey(network, purpose), NetworkBucket, GuessBudget.NetworkPerHour, now, cancellationToken);
                if (!charged.Allowed)
                {
                    await _work.RollbackAsync(cancellationToken);
                    return new SpendOutcome.NetworkExhausted();
                }

                if (purpose != OtpPurpose.SignIn)
                {
                    // The attempt stays spent.
                    return await _proofs.TrySpendAsync(challenge, now, cancellationToken)
                        ? new SpendOutcome.Spent(challenge, charged.Total, ReachedLimit: false)
                        : new SpendOutcome.AccountExhausted(challenge);
                }

                if (await _budgets.TrySpendAsync(challenge.UserId, challenge.Id, now, cancellationToken) is not { } spend)
                {
                    // The attempt stays spent.
                    return new SpendOutcome.AccountExhausted(challenge);
                }

                // Noted on the challenge, with the day: a later refund gives back just that.
                await _sql.WriteAsync(Charge, [id, spend.Day], cancellationToken);
                return new SpendOutcome.Spent(challenge, charged.Total, spend.ReachedLimit);
            },
            cancellationToken);

    /// <summary>
    /// Consumes an open challenge, opens its session and gives back the guesses that this challenge had spent: all or nothing.
    /// </summary>
    /// <param name="challenge">The challenge whose code was right.</param>
    /// <param name="session">The session to open; its challenge and user must be the challenge's.</param>
    /// <param name="network">The network whose last guess, the right one, is given back.</param>
    /// <param name="alongside">Adds further rows in the same transaction, such as the audit event.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels before the commit.</param>
    /// <returns>Null when another request was faster, or the challenge expired or lost its credentials in between.</returns>
    public Task<ConsumedChallenge?> ConsumeAsync(
        OtpChallenge challenge,
        AuthenticationSession session,
        string network,
        Func<Task> alongside,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(alongside);
        if (session.ChallengeId != challenge.Id || session.UserId != challenge.UserId || challenge.Purpose != OtpPurpose.SignIn)
        {
            throw new InvalidOperationException("A session descends from the sign-in challenge that it consumes, for the same user.");
        }

        return _work.InOwnTransactionAsync<ConsumedChallenge?>(
            async () =>
            {
                await _budgets.HoldAsync(challenge.UserId, cancellationToken);
                if (await _sql.WriteAsync(Consume, [challenge.Id, now.ToUnixTimeMilliseconds()], cancellationToken) != 1)
                {
                    return null;
                }

                await _sql.WriteAsync(OpenSession, SessionValues(session), cancellationToken);
                if (session.FamilyId != session.Id)
                {
                    await _sql.WriteAsync(
                        RetireHandles, [session.UserId, session.FamilyId, session.Id, now.ToUnixTimeMilliseconds()], cancellationToken);
                }

                await alongside();
                await _budgets.RefundAsync(challenge.UserId, challenge.Id, cancellationToken);
                await _counters.RefundAsync(NetworkKey(network, challenge.Purpose), NetworkBucket, now, 1, cancellationToken);
                return new ConsumedChallenge(challenge, session);
            },
            cancellationToken);
    }

    /// <summary>
    /// Consumes a challenge that proves a mailbox and opens no session, together with what the proof is for: all or nothing.
    /// </summary>
    /// <param name="challenge">The challenge whose code was right.</param>
    /// <param name="network">The network whose last guess, the right one, is given back.</param>
    /// <param name="alongside">Does what the proof is for, in the same transaction. False undoes everything.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels before the commit.</param>
    /// <returns>False when another request was faster, the challenge is void by now, or <paramref name="alongside"/> said so.</returns>
    public Task<bool> ConsumeProofAsync(
        OtpChallenge challenge, string network, Func<Task<bool>> alongside, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        ArgumentNullException.ThrowIfNull(alongside);
        if (challenge.Purpose == OtpPurpose.SignIn)
        {
            throw new InvalidOperationException("A sign-in's challenge is consumed with the session that it opens.");
        }

        return _work.InOwnTransactionAsync(
            async () =>
            {
                await _budgets.HoldAsync(challenge.UserId, cancellationToken);
                if (await _sql.WriteAsync(ConsumeProof, [challenge.Id, now.ToUnixTimeMilliseconds()], cancellationToken) != 1 || !await alongside())
                {
                    await _work.RollbackAsync(cancellationToken);
                    return false;
                }

                await _counters.RefundAsync(NetworkKey(network, challenge.Purpose), NetworkBucket, now, 1, cancellationToken);
                await _proofs.RefundAsync(challenge, now, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>
    /// Makes room for a new challenge: closes the account's oldest open ones until fewer than three are left, sparing this browser's.
    /// Joins the open unit of work.
    /// </summary>
    /// <param name="userId">The account.</param>
    /// <param name="browserHashes">Hashes of the pending secrets that this browser holds.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public async Task MakeRoomAsync(
        Guid userId, IReadOnlyCollection<byte[]> browserHashes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(browserHashes);

        // Two sign-ins of one account make room one after the other on PostgreSQL too.
        await _budgets.HoldAsync(userId, cancellationToken);
        var open = await _sql.ReadAsync(
            Open, [userId, now.ToUnixTimeMilliseconds()], static row => (Id: row.GetGuid(0), Hash: (byte[])row[1]), cancellationToken);
        var surplus = open.Count - ChallengePolicy.OpenPerAccount + 1;

        // Other browsers' challenges go first; when all are this browser's, its own oldest goes. The order is stable, so oldest first.
        foreach (var (id, _) in open
            .OrderBy(challenge => browserHashes.Any(hash => hash.AsSpan().SequenceEqual(challenge.Hash)))
            .Take(Math.Max(0, surplus)))
        {
            await _sql.WriteAsync(Close, [id], cancellationToken);
        }
    }

    /// <summary>Closes what else is open of a purpose, because the account asks for it anew. Joins the open unit of work.</summary>
    public async Task CloseAsync(Guid userId, string purpose, Guid spared, CancellationToken cancellationToken)
    {
        await _budgets.HoldAsync(userId, cancellationToken);
        await _sql.WriteAsync(CloseOfPurpose, [userId, purpose, spared], cancellationToken);
    }

    /// <summary>
    /// Counts one more send of a challenge's mail, if it is still open and nobody else counted meanwhile. Joins the open unit of work.
    /// </summary>
    public async Task<bool> TryCountSendAsync(Guid id, int sendsBefore, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await _budgets.HoldByChallengeAsync(id, cancellationToken);
        return await _sql.WriteAsync(CountSend, [id, now.ToUnixTimeMilliseconds(), sendsBefore], cancellationToken) == 1;
    }

    // Apart for proofs: whoever has no password must not use up what a network's people sign in by.
    private static string NetworkKey(string network, string purpose) =>
        (purpose == OtpPurpose.SignIn ? "code-guesses/network/" : "code-guesses/proofs/network/") + network;

    private static object?[] SessionValues(AuthenticationSession session) =>
    [
        session.Id, session.UserId, session.ChallengeId, session.FamilyId, session.HandleHash,
        session.AuthenticatedAt.ToUnixTimeMilliseconds(), session.RequestUri, session.Browser, session.Network,
        session.BrowserExpiresAt.ToUnixTimeMilliseconds(), session.ExpiresAt.ToUnixTimeMilliseconds(),
    ];
}

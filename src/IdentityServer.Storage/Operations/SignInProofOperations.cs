using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>The question that every token for a user hangs on.</summary>
public sealed class SignInProofOperations
{
    private static readonly SqlText Prove = new(
        """
        SELECT 1 FROM "authentication_sessions" s
        JOIN "otp_challenges" c ON c."Id" = s."ChallengeId" AND c."UserId" = s."UserId" AND c."State" = 1 AND c."Purpose" = 'sign-in'
        JOIN "users" u ON u."Id" = s."UserId"
          AND (u."TestOfClientId" IS NULL OR u."TestOfClientId" = (SELECT a."Id" FROM "clients" a WHERE a."ClientId" = $4))
        WHERE s."Id" = $1 AND s."UserId" = $2 AND s."EndedAt" IS NULL AND s."ExpiresAt" > $3
        """);

    // Of a session that is open at this moment, and stays so until the commit: whoever ends it waits, or was first, and then nothing is opened.
    private const string OpenAuthorization =
        """
        INSERT INTO "authorizations" ("Id", "ApplicationId", "CreationDate", "Scopes", "Properties", "Status", "Subject", "Type", "SessionId")
        SELECT $1, $2, $3, $4, CAST($5 AS TEXT), 'valid', $6, 'ad-hoc', s."Id" FROM "authentication_sessions" s WHERE s."Id" = $7 AND s."EndedAt" IS NULL
        """;

    private static readonly SqlText OpenOnSqlite = new(OpenAuthorization);

    // The client before the session: its row is referred to, and whoever deletes it holds that and then the sessions of its test users.
    private static readonly SqlText OpenOnPostgreSql = new(
        $"""
        WITH held AS MATERIALIZED (SELECT 1 FROM "clients" WHERE "Id" = $2 FOR KEY SHARE)
        {OpenAuthorization} AND EXISTS (SELECT 1 FROM held) FOR SHARE OF s
        """);

    private readonly SqlRunner _sql;
    private readonly UnitOfWork _work;

    internal SignInProofOperations(SqlRunner sql, UnitOfWork work) => (_sql, _work) = (sql, work);

    /// <summary>
    /// True when the session exists, belongs to the user, is open, and descends from a sign-in challenge of the same user that was consumed
    /// (I1); and the user is a person, or a test user of the very client that asks.
    /// </summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="userId">Whose it must be.</param>
    /// <param name="clientId">The <c>client_id</c> of the client that asks.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> HoldsAsync(Guid sessionId, Guid userId, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.ReadAsync(Prove, [sessionId, userId, now.ToUnixTimeMilliseconds(), clientId ?? ""], static _ => true, cancellationToken) is [true];

    /// <summary>
    /// Opens the authorization that all tokens of one sign-in at one client hang on, bound to the session. Begins the unit of work.
    /// </summary>
    /// <param name="grant">What is given, and to whom.</param>
    /// <param name="sessionId">The session it descends from.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its identifier; null when the session was ended or deleted meanwhile, or the client was deleted.</returns>
    public async Task<string?> OpenAuthorizationAsync(
        NewGrant grant, Guid sessionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(grant);
        var id = Guid.NewGuid().ToString("N");
        await _work.BeginAsync(cancellationToken);
        return await _sql.WriteAsync(
            _sql.OnPostgreSql ? OpenOnPostgreSql : OpenOnSqlite,
            [id, grant.ClientRowId, now.ToUnixTimeMilliseconds(), grant.ScopesJson, grant.PropertiesJson, grant.UserId.ToString("D"), sessionId],
            cancellationToken) == 1 ? id : null;
    }
}

/// <summary>What one sign-in gives one client.</summary>
/// <param name="ClientRowId">The client's row, not its <c>client_id</c>.</param>
/// <param name="UserId">Whose sign-in it is.</param>
/// <param name="ScopesJson">The scopes, as a JSON array.</param>
/// <param name="PropertiesJson">What else was granted, as a JSON object; null for nothing.</param>
public sealed record NewGrant(string ClientRowId, Guid UserId, string ScopesJson, string? PropertiesJson = null);

using System.Data.Common;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>What every sign-in and every userinfo answer reads, by one key each, past EF's pipeline. Nothing of it is tracked.</summary>
public sealed class CeremonyReads
{
    private const string UserColumns =
        """
        u."Id", u."Email", u."NormalizedEmail", u."EmailVerified", u."PasswordHash", u."CredentialVersion", u."Claims", u."CreatedAt", u."UpdatedAt"
        """;

    private const string ChallengeColumns =
        """
        c."Id", c."UserId", c."Purpose", c."Seed", c."BrowserHash", c."CredentialVersion", c."KeyId", c."Reference", c."State",
        c."AttemptsLeft", c."AccountSpent", c."AccountDay", c."AccountSpentOnDay", c."Sends", c."LastSentAt", c."CreatedAt", c."ExpiresAt",
        c."ClientId", c."RequestUri", c."Browser", c."Network"
        """;

    private const int ChallengeColumnCount = 21;

    private static readonly SqlText ByEmail = new($"""SELECT {UserColumns} FROM "users" u WHERE u."NormalizedEmail" = $1""");

    private static readonly SqlText ById = new($"""SELECT {UserColumns} FROM "users" u WHERE u."Id" = $1""");

    private static readonly SqlText Challenge = new($"""SELECT {ChallengeColumns} FROM "otp_challenges" c WHERE c."Id" = $1""");

    private static readonly SqlText ChallengeWithUser = new(
        $"""SELECT {ChallengeColumns}, {UserColumns} FROM "otp_challenges" c JOIN "users" u ON u."Id" = c."UserId" WHERE c."Id" = $1""");

    private static readonly SqlText Delivery = new(
        """SELECT "State" FROM "outbox_messages" WHERE "ChallengeId" = $1 ORDER BY "CreatedAt" DESC LIMIT 1""");

    private static readonly SqlText Session = new(
        """
        SELECT "Id", "UserId", "ChallengeId", "FamilyId", "HandleHash", "AuthenticatedAt", "RequestUri", "Browser", "Network",
          "BrowserExpiresAt", "ExpiresAt", "EndedAt"
        FROM "authentication_sessions" WHERE "Id" = $1
        """);

    private static readonly SqlText Question = new(
        """
        SELECT "RequestUri", "UserId", "ClientId", "RedirectUri", "Scopes", "ExpiresAt", "Allowed" FROM "consent_questions"
        WHERE "RequestUri" = $1 AND "UserId" = $2 AND "ExpiresAt" > $3
        """);

    private static readonly SqlText GrantedScopes = new(
        """SELECT "Scopes" FROM "consent_grants" WHERE "UserId" = $1 AND "ClientId" = $2""");

    private readonly SqlRunner _sql;

    internal CeremonyReads(SqlRunner sql) => _sql = sql;

    /// <summary>The account with an address, in the form that look-ups use.</summary>
    public Task<User?> UserAsync(string normalizedEmail, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(ByEmail, [normalizedEmail], static row => ReadUser(row, 0), cancellationToken);

    /// <summary>The account with an identifier.</summary>
    public Task<User?> UserAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(ById, [id], static row => ReadUser(row, 0), cancellationToken);

    /// <summary>A challenge, whatever its state.</summary>
    public Task<OtpChallenge?> ChallengeAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(Challenge, [id], ReadChallenge, cancellationToken);

    /// <summary>A challenge and its account, as of one moment.</summary>
    public Task<ChallengeAndUser?> ChallengeAndUserAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(
            ChallengeWithUser, [id], static row => new ChallengeAndUser(ReadChallenge(row), ReadUser(row, ChallengeColumnCount)), cancellationToken);

    /// <summary>Where the newest mail of a challenge is; <see cref="DeliveryState.Queued"/> when there is none.</summary>
    public async Task<DeliveryState> DeliveryAsync(Guid challengeId, CancellationToken cancellationToken)
    {
        var states = await _sql.ReadAsync(Delivery, [challengeId], static row => (DeliveryState)row.GetInt32(0), cancellationToken);
        return states is [var newest] ? newest : DeliveryState.Queued;
    }

    /// <summary>A session, whether it is open or not.</summary>
    public Task<AuthenticationSession?> SessionAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(Session, [id], ReadSession, cancellationToken);

    /// <summary>The question about consent that was put to a person for a request, if it has not lapsed.</summary>
    public Task<ConsentQuestion?> ConsentQuestionAsync(string requestUri, Guid userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(Question, [requestUri, userId, now.ToUnixTimeMilliseconds()], ReadQuestion, cancellationToken);

    /// <summary>The scopes that a person has granted to a client for good, separated by blanks; null when there are none.</summary>
    public Task<string?> GrantedScopesAsync(Guid userId, string clientId, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(GrantedScopes, [userId, clientId], static row => row.GetString(0), cancellationToken);

    private static ConsentQuestion ReadQuestion(DbDataReader row) => new()
    {
        RequestUri = row.GetString(0),
        UserId = row.GetGuid(1),
        ClientId = row.GetString(2),
        RedirectUri = row.GetString(3),
        Scopes = row.GetString(4),
        ExpiresAt = Moment(row, 5),
        Allowed = row.IsDBNull(6) ? null : row.GetBoolean(6),
    };

    private static User ReadUser(DbDataReader row, int first) => new()
    {
        Id = row.GetGuid(first),
        Email = row.GetString(first + 1),
        NormalizedEmail = row.GetString(first + 2),
        EmailVerified = row.GetBoolean(first + 3),
        PasswordHash = Text(row, first + 4),
        CredentialVersion = row.GetInt64(first + 5),
        Claims = row.GetString(first + 6),
        CreatedAt = Moment(row, first + 7),
        UpdatedAt = Moment(row, first + 8),
    };

    private static OtpChallenge ReadChallenge(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        UserId = row.GetGuid(1),
        Purpose = row.GetString(2),
        Seed = (byte[])row[3],
        BrowserHash = (byte[])row[4],
        CredentialVersion = row.GetInt64(5),
        KeyId = row.GetString(6),
        Reference = row.GetString(7),
        State = (ChallengeState)row.GetInt32(8),
        AttemptsLeft = row.GetInt32(9),
        AccountSpent = row.GetInt32(10),
        AccountDay = row.GetInt32(11),
        AccountSpentOnDay = row.GetInt32(12),
        Sends = row.GetInt32(13),
        LastSentAt = Moment(row, 14),
        CreatedAt = Moment(row, 15),
        ExpiresAt = Moment(row, 16),
        ClientId = Text(row, 17),
        RequestUri = Text(row, 18),
        Browser = Text(row, 19),
        Network = Text(row, 20),
    };

    private static AuthenticationSession ReadSession(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        UserId = row.GetGuid(1),
        ChallengeId = row.GetGuid(2),
        FamilyId = row.GetGuid(3),
        HandleHash = (byte[])row[4],
        AuthenticatedAt = Moment(row, 5),
        RequestUri = Text(row, 6),
        Browser = Text(row, 7),
        Network = Text(row, 8),
        BrowserExpiresAt = Moment(row, 9),
        ExpiresAt = Moment(row, 10),
        EndedAt = row.IsDBNull(11) ? null : Moment(row, 11),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset Moment(DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}

/// <summary>A challenge and the account that it belongs to.</summary>
public sealed record ChallengeAndUser(OtpChallenge Challenge, User User);

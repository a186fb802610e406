using System.Data.Common;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>What every sign-in and every userinfo answer reads, by one key each, past EF's pipeline. Nothing of it is tracked.</summary>
public sealed class CeremonyReads
{
    private const string UserColumns =
        """
        u."Id", u."Email", u."NormalizedEmail", u."EmailVerified", u."PasswordHash", u."CredentialVersion", u."Claims", u."CreatedAt", u."UpdatedAt",
          u."Administrator", u."TestOfClientId"
        """;

    private static readonly SqlText ByEmail = new($"""SELECT {UserColumns} FROM "users" u WHERE u."NormalizedEmail" = $1""");

    private static readonly SqlText ById = new($"""SELECT {UserColumns} FROM "users" u WHERE u."Id" = $1""");

    private static readonly SqlText Challenge = new($"""SELECT {ChallengeRow.Columns} FROM "otp_challenges" WHERE "Id" = $1""");

    private static readonly SqlText ChallengeWithUser = new(
        $"""
        SELECT {ChallengeRow.Columns}, {UserColumns} FROM "otp_challenges" JOIN "users" u ON u."Id" = "otp_challenges"."UserId"
        WHERE "otp_challenges"."Id" = $1
        """);

    private static readonly SqlText Delivery = new(
        """SELECT "State" FROM "outbox_messages" WHERE "ChallengeId" = $1 ORDER BY "CreatedAt" DESC LIMIT 1""");

    private static readonly SqlText Session = new(
        """
        SELECT s."Id", s."UserId", s."ChallengeId", s."FamilyId", s."HandleHash", s."AuthenticatedAt", s."RequestUri", s."Browser", s."Network",
          s."BrowserExpiresAt", s."ExpiresAt", s."EndedAt", u."TestOfClientId"
        FROM "authentication_sessions" s JOIN "users" u ON u."Id" = s."UserId" WHERE s."Id" = $1
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
        _sql.ReadOneAsync(Challenge, [id], ChallengeRow.Read, cancellationToken);

    /// <summary>A challenge and its account, as of one moment.</summary>
    public Task<ChallengeAndUser?> ChallengeAndUserAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(
            ChallengeWithUser, [id], static row => new ChallengeAndUser(ChallengeRow.Read(row), ReadUser(row, ChallengeRow.Width)), cancellationToken);

    /// <summary>Where the newest mail of a challenge is; <see cref="DeliveryState.Queued"/> when there is none.</summary>
    public async Task<DeliveryState> DeliveryAsync(Guid challengeId, CancellationToken cancellationToken)
    {
        var states = await _sql.ReadAsync(Delivery, [challengeId], static row => (DeliveryState)row.GetInt32(0), cancellationToken);
        return states is [var newest] ? newest : DeliveryState.Queued;
    }

    /// <summary>A session, whether it is open or not, and whose test user it is of.</summary>
    public Task<FoundSession?> SessionAsync(Guid id, CancellationToken cancellationToken) =>
        _sql.ReadOneAsync(Session, [id], static row => new FoundSession(ReadSession(row), row.NullableText(12)), cancellationToken);

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
        ExpiresAt = row.Moment(5),
        Allowed = row.IsDBNull(6) ? null : row.GetBoolean(6),
    };

    private static User ReadUser(DbDataReader row, int first) => new()
    {
        Id = row.GetGuid(first),
        Email = row.GetString(first + 1),
        NormalizedEmail = row.GetString(first + 2),
        EmailVerified = row.GetBoolean(first + 3),
        PasswordHash = row.NullableText(first + 4),
        CredentialVersion = row.GetInt64(first + 5),
        Claims = row.GetString(first + 6),
        CreatedAt = row.Moment(first + 7),
        UpdatedAt = row.Moment(first + 8),
        Administrator = row.GetBoolean(first + 9),
        TestOfClientId = row.NullableText(first + 10),
    };

    private static AuthenticationSession ReadSession(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        UserId = row.GetGuid(1),
        ChallengeId = row.GetGuid(2),
        FamilyId = row.GetGuid(3),
        HandleHash = (byte[])row[4],
        AuthenticatedAt = row.Moment(5),
        RequestUri = row.NullableText(6),
        Browser = row.NullableText(7),
        Network = row.NullableText(8),
        BrowserExpiresAt = row.Moment(9),
        ExpiresAt = row.Moment(10),
        EndedAt = row.NullableMoment(11),
    };
}

/// <summary>A challenge and the account that it belongs to.</summary>
public sealed record ChallengeAndUser(OtpChallenge Challenge, User User);

/// <summary>A session as it is found.</summary>
/// <param name="Session">The session.</param>
/// <param name="TestOfClientId">The <see cref="Client.Id"/> of the client whose test user has it; null for a person's.</param>
public sealed record FoundSession(AuthenticationSession Session, string? TestOfClientId);

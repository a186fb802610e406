using System.Globalization;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>What people see of their own account, as far as it takes more than one table. Nothing of it is tracked.</summary>
public sealed class AccountReads
{
    // A session is used when a client is given something in it: a sign-in at a client opens an authorization, a refresh makes tokens.
    private static readonly SqlText OpenOfUser = new(
        """
        SELECT s."Id", s."FamilyId", s."Browser", s."Network", s."AuthenticatedAt", s."BrowserExpiresAt",
          (SELECT MAX(a."CreationDate") FROM "authorizations" a WHERE a."SessionId" = s."Id"),
          (SELECT MAX(t."CreationDate") FROM "authorizations" a JOIN "tokens" t ON t."AuthorizationId" = a."Id" WHERE a."SessionId" = s."Id")
        FROM "authentication_sessions" s WHERE s."UserId" = $1 AND s."EndedAt" IS NULL AND s."ExpiresAt" > $2
        ORDER BY s."AuthenticatedAt" DESC
        """);

    private static readonly SqlText Earlier = new(
        """
        SELECT COUNT(*), COALESCE(SUM(CASE WHEN "Browser" = $2 AND "Network" = $3 THEN 1 ELSE 0 END), 0),
          (SELECT u."CreatedAt" FROM "users" u WHERE u."Id" = $1)
        FROM "authentication_sessions" WHERE "UserId" = $1 AND "Id" <> $4
        """);

    private static readonly SqlText AppsOfUser = new(
        """
        SELECT a."ApplicationId", a."CreationDate", a."Scopes", (SELECT MAX(t."CreationDate") FROM "tokens" t WHERE t."AuthorizationId" = a."Id")
        FROM "authorizations" a JOIN "authentication_sessions" s ON s."Id" = a."SessionId"
        WHERE a."Subject" = $1 AND a."Status" = 'valid' AND s."EndedAt" IS NULL AND s."ExpiresAt" > $2
        """);

    private readonly SqlRunner _sql;

    internal AccountReads(SqlRunner sql) => _sql = sql;

    /// <summary>The open sessions of a user, newest sign-in first.</summary>
    public Task<List<OpenSession>> OpenOfUserAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken) => _sql.ReadAsync(
        OpenOfUser,
        [userId, now.ToUnixTimeMilliseconds()],
        static row => new OpenSession(
            row.GetGuid(0), row.GetGuid(1), row.NullableText(2), row.NullableText(3), row.Moment(4), row.Moment(5),
            Latest(row.Moment(4), row.NullableMoment(6), row.NullableMoment(7))),
        cancellationToken);

    /// <summary>Whether the user signed in before, and whether from a browser of that name in that network.</summary>
    /// <param name="session">The session that is being opened, and does not count.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<EarlierSignIns> EarlierAsync(AuthenticationSession session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        return (await _sql.ReadAsync(
            Earlier, [session.UserId, session.Browser, session.Network, session.Id],
            static row => new EarlierSignIns(row.GetInt64(0) > 0, Convert.ToInt64(row.GetValue(1), CultureInfo.InvariantCulture) > 0, row.Moment(2)),
            cancellationToken)).Single();
    }

    /// <summary>What clients hold for a user in open sessions.</summary>
    public Task<List<HeldAuthorization>> HeldByClientsAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken) => _sql.ReadAsync(
        AppsOfUser,
        [userId.ToString("D"), now.ToUnixTimeMilliseconds()],
        static row => new HeldAuthorization(row.GetString(0), row.Moment(1), row.NullableText(2) ?? "[]", Latest(row.Moment(1), row.NullableMoment(3), null)),
        cancellationToken);

    private static DateTimeOffset Latest(DateTimeOffset first, DateTimeOffset? second, DateTimeOffset? third)
    {
        var latest = second > first ? second.Value : first;
        return third > latest ? third.Value : latest;
    }
}

/// <summary>An open session, as its owner sees it.</summary>
/// <param name="Id">The session.</param>
/// <param name="FamilyId">Shared by the sessions that one browser opened in a row; they end together.</param>
/// <param name="Browser">Names of browser and system, as they are kept.</param>
/// <param name="Network">The network that it was opened from.</param>
/// <param name="AuthenticatedAt">When the code was consumed.</param>
/// <param name="BrowserExpiresAt">Until then the browser itself is signed in; clients may be for longer.</param>
/// <param name="LastUsedAt">When a client was last given something in it, or it was opened.</param>
public sealed record OpenSession(
    Guid Id, Guid FamilyId, string? Browser, string? Network, DateTimeOffset AuthenticatedAt, DateTimeOffset BrowserExpiresAt, DateTimeOffset LastUsedAt);

/// <summary>What is known of a user's earlier sign-ins, as far as their sessions are kept.</summary>
/// <param name="Any">There was one.</param>
/// <param name="Alike">There was one from a browser of the same name in the same network.</param>
/// <param name="AccountMadeAt">When the account was made.</param>
public sealed record EarlierSignIns(bool Any, bool Alike, DateTimeOffset AccountMadeAt);

/// <summary>What a client holds for a user in one session.</summary>
/// <param name="ClientRowId">The client's row, not its <c>client_id</c>.</param>
/// <param name="Since">When it was given.</param>
/// <param name="ScopesJson">The scopes, as a JSON array.</param>
/// <param name="LastUsedAt">When a token was last made of it.</param>
public sealed record HeldAuthorization(string ClientRowId, DateTimeOffset Since, string ScopesJson, DateTimeOffset LastUsedAt);

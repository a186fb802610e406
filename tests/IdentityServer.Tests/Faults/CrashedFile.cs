using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Tests.Faults;

/// <summary>What the database holds of one sign-in.</summary>
internal sealed record StoredSignIn(
    OtpChallenge Challenge,
    AccountGuessBudget Budget,
    AuthenticationSession? Session,
    OutboxMessage Mail,
    Authorization? Family,
    Token[] Tokens)
{
    public bool Consumed => Challenge.State == ChallengeState.Consumed;

    /// <summary>The authorization code was traded.</summary>
    public bool Exchanged => Redeemed(TokenTypeIdentifiers.Private.AuthorizationCode) == 1;

    /// <summary>How many refresh tokens were traded.</summary>
    public int Refreshes => Redeemed(TokenTypeIdentifiers.RefreshToken);

    /// <summary>A replay has killed the family.</summary>
    public bool Dead => Family?.Status == Statuses.Revoked;

    private int Redeemed(string type) => Tokens.Count(token => token.Type == type && token.Status == Statuses.Redeemed);
}

/// <summary>
/// The database as a killed server left it: a copy, so that the next server is the first to open the file itself and mends it alone.
/// </summary>
internal sealed class CrashedFile : IDisposable
{
    private const string Name = "identityserver.db";

    // Each counts what must never be.
    private static readonly (string What, string Sql)[] _impossible =
    [
        ("a session without a consumed challenge of the same account",
            """
            SELECT COUNT(*) FROM "authentication_sessions" s WHERE NOT EXISTS (
              SELECT 1 FROM "otp_challenges" c WHERE c."Id" = s."ChallengeId" AND c."UserId" = s."UserId" AND c."State" = 1)
            """),
        ("a consumed challenge that did not open exactly one session",
            """
            SELECT COUNT(*) FROM "otp_challenges" c
            WHERE c."State" = 1 AND (SELECT COUNT(*) FROM "authentication_sessions" s WHERE s."ChallengeId" = c."Id") <> 1
            """),
        ("a session that was not audited exactly once",
            """
            SELECT COUNT(*) FROM "authentication_sessions" s LEFT JOIN (
              SELECT "SessionId", COUNT(*) AS n FROM "audit_events" WHERE "Name" = 'session.opened' GROUP BY "SessionId") a
              ON a."SessionId" = s."Id"
            WHERE a.n IS NOT 1
            """),
        ("an audited session that is not there",
            """
            SELECT COUNT(*) FROM "audit_events" a WHERE a."Name" = 'session.opened'
              AND NOT EXISTS (SELECT 1 FROM "authentication_sessions" s WHERE s."Id" = a."SessionId")
            """),
        ("a challenge without its mail",
            """
            SELECT COUNT(*) FROM "otp_challenges" c WHERE NOT EXISTS (
              SELECT 1 FROM "outbox_messages" m WHERE m."ChallengeId" = c."Id" AND m."Kind" = 'sign-in-code')
            """),
        ("a token whose family descends from no session",
            """
            SELECT COUNT(*) FROM "tokens" t WHERE t."AuthorizationId" IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM "authorizations" a JOIN "authentication_sessions" s ON s."Id" = a."SessionId"
              WHERE a."Id" = t."AuthorizationId")
            """),
        ("a live token of a dead family",
            """
            SELECT COUNT(*) FROM "tokens" t JOIN "authorizations" a ON a."Id" = t."AuthorizationId"
            WHERE a."Status" = 'revoked' AND t."Status" = 'valid'
            """),
    ];

    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-crashed-").FullName;
    private readonly string _connection;
    private Dictionary<Guid, StoredSignIn> _signIns = [];

    /// <summary>Copies it. Nobody may have the file open.</summary>
    public CrashedFile(string data)
    {
        foreach (var file in new[] { Name, Name + "-wal" }.Where(file => File.Exists(Path.Combine(data, file))))
        {
            File.Copy(Path.Combine(data, file), Path.Combine(_directory, file));
        }

        _connection = $"Data Source={Path.Combine(_directory, Name)};Pooling=False";
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What the database holds of a sign-in; null when it does not know its challenge.</summary>
    public StoredSignIn? Find(SignIn signIn) => signIn.Challenge is { } id ? _signIns.GetValueOrDefault(id) : null;

    /// <summary>Reads what it holds of these sign-ins.</summary>
    public async Task ReadAsync(IEnumerable<SignIn> signIns)
    {
        var options = new DbContextOptionsBuilder<IdentityServerDbContext>().UseSqlite(_connection);
        await using var db = new IdentityServerDbContext(options.UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking).Options);
        var ids = signIns.Select(signIn => signIn.Challenge).OfType<Guid>().ToArray();
        var challenges = await db.OtpChallenges.Where(row => ids.Contains(row.Id)).ToListAsync(Cancel);
        var users = challenges.ConvertAll(row => row.UserId);
        var budgets = await db.AccountGuessBudgets.Where(row => users.Contains(row.UserId)).ToDictionaryAsync(row => row.UserId, Cancel);
        var sessions = await db.AuthenticationSessions.Where(row => ids.Contains(row.ChallengeId))
            .ToDictionaryAsync(row => row.ChallengeId, Cancel);
        var mails = await db.OutboxMessages.Where(row => row.ChallengeId != null && ids.Contains(row.ChallengeId.Value))
            .ToDictionaryAsync(row => row.ChallengeId!.Value, Cancel);
        var sessionIds = sessions.Values.Select(row => row.Id).ToArray();
        var families = await db.Authorizations.Where(row => row.SessionId != null && sessionIds.Contains(row.SessionId.Value))
            .ToDictionaryAsync(row => row.SessionId!.Value, Cancel);
        var familyIds = families.Values.Select(row => row.Id).ToArray();
        var tokens = (await db.Tokens.Where(row => familyIds.Contains(row.AuthorizationId)).ToListAsync(Cancel))
            .ToLookup(row => row.AuthorizationId);
        _signIns = challenges.ToDictionary(row => row.Id, row =>
        {
            var session = sessions.GetValueOrDefault(row.Id);
            var family = session is null ? null : families.GetValueOrDefault(session.Id);
            return new StoredSignIn(row, budgets[row.UserId], session, mails[row.Id], family, family is null ? [] : [.. tokens[family.Id]]);
        });
    }

    /// <summary>The identifiers of all challenges that were consumed, ever.</summary>
    public async Task<HashSet<Guid>> ConsumedAsync()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """SELECT "ChallengeId" FROM "authentication_sessions" """;
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var consumed = new HashSet<Guid>();
        while (await reader.ReadAsync(Cancel))
        {
            consumed.Add(reader.GetGuid(0));
        }

        return consumed;
    }

    /// <summary>What is wrong with the file as such, or with its rows taken together.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync()
    {
        await using var connection = await OpenAsync();
        var faults = new List<string>();
        if (await ScalarAsync(connection, "PRAGMA integrity_check") is not "ok" and var broken)
        {
            faults.Add($"integrity_check: {broken}");
        }

        if (await ScalarAsync(connection, "PRAGMA foreign_key_check") is { } dangling)
        {
            faults.Add($"foreign_key_check: {dangling}");
        }

        foreach (var (what, sql) in _impossible)
        {
            if (await ScalarAsync(connection, sql) is not 0L and var count)
            {
                faults.Add($"{count} x {what}");
            }
        }

        return faults;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<SqliteConnection> OpenAsync()
    {
        var connection = new SqliteConnection(_connection);
        await connection.OpenAsync(Cancel);
        return connection;
    }

    private static async Task<object?> ScalarAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Cancel);
    }
}

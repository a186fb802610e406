using IdentityServer.Domain.Users;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// The mail of test users, and their end with their client. Whose mail it is is judged by the statements themselves, when it is kept and
/// again when it is read: nothing that a caller believes of an account can make a person's mail readable.
/// </summary>
public sealed class TestUserOperations
{
    // A test user by all three signs at once; the address in the form that look-ups use.
    private const string IsTestUser = $"""u."TestOfClientId" IS NOT NULL AND u."NormalizedEmail" LIKE '%@{TestAddress.Domain}'""";

    private const string OfClient = """(SELECT u."Id" FROM "users" u WHERE u."TestOfClientId" = $1)""";

    private static readonly SqlText Keep = new(
        $"""
        INSERT INTO "test_mails" ("Id", "ClientRowId", "UserId", "At", "ProtectedMail", "ExpiresAt")
        SELECT $1, u."TestOfClientId", u."Id", $2, $3, $4 FROM "users" u
        WHERE u."Id" = $5 AND u."NormalizedEmail" = $6 AND u."TestOfClientId" = $7 AND {IsTestUser}
        """);

    private static readonly SqlText Read = new(
        $"""
        SELECT m."Id", m."ClientRowId", m."UserId", m."At", m."ProtectedMail", m."ExpiresAt" FROM "test_mails" m
        JOIN "users" u ON u."Id" = m."UserId" AND u."TestOfClientId" = m."ClientRowId"
        WHERE m."ClientRowId" = $1 AND u."TestOfClientId" = $1 AND m."UserId" = $2 AND m."At" >= $3 AND m."ExpiresAt" > $4 AND {IsTestUser}
        ORDER BY m."At" DESC, m."Id" DESC LIMIT $5
        """);

    // Accounts before the client, as sign-ins take them, and in order.
    private static readonly SqlText Lock = new($"""SELECT 1 FROM "account_guess_budgets" WHERE "UserId" IN {OfClient} ORDER BY "UserId" FOR UPDATE""");

    private static readonly SqlText DeleteMessages = new(
        $"""
        DELETE FROM "outbox_messages" WHERE "ChallengeId" IN (SELECT c."Id" FROM "otp_challenges" c WHERE c."UserId" IN {OfClient})
        """);

    private static readonly SqlText DeleteChallenges = new($"""DELETE FROM "otp_challenges" WHERE "UserId" IN {OfClient}""");

    private static readonly SqlText DeleteUsers = new("""DELETE FROM "users" WHERE "TestOfClientId" = $1 RETURNING "Id" """);

    private readonly SqlRunner _sql;

    internal TestUserOperations(SqlRunner sql) => _sql = sql;

    /// <summary>Keeps a mail for its client's owners, if at this moment the address is that test user's and the test user that client's.</summary>
    /// <returns>False when nothing was kept.</returns>
    public async Task<bool> KeepMailAsync(TestMail mail, string normalizedAddress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mail);
        return await _sql.WriteAsync(
            Keep,
            [
                mail.Id, mail.At.ToUnixTimeMilliseconds(), mail.ProtectedMail, mail.ExpiresAt.ToUnixTimeMilliseconds(), mail.UserId,
                normalizedAddress, mail.ClientRowId,
            ],
            cancellationToken) == 1;
    }

    /// <summary>The mails of a client's test user, newest first; none of anybody who is not that client's test user now.</summary>
    /// <param name="clientRowId">The client's row, not its <c>client_id</c>.</param>
    /// <param name="userId">The test user.</param>
    /// <param name="since">None that is older.</param>
    /// <param name="now">The time: what has expired is gone, whether or not it was deleted yet.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<List<TestMail>> MailsAsync(
        string clientRowId, Guid userId, DateTimeOffset since, DateTimeOffset now, int most, CancellationToken cancellationToken) => _sql.ReadAsync(
        Read,
        [clientRowId, userId, since.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds(), most],
        static row => new TestMail
        {
            Id = row.GetGuid(0),
            ClientRowId = row.GetString(1),
            UserId = row.GetGuid(2),
            At = row.Moment(3),
            ProtectedMail = row.GetString(4),
            ExpiresAt = row.Moment(5),
        },
        cancellationToken);

    /// <summary>
    /// Holds the accounts of a client's test users until the unit of work ends. A writer on SQLite holds the whole file already.
    /// </summary>
    internal Task HoldAsync(string clientRowId, CancellationToken cancellationToken) =>
        _sql.OnPostgreSql ? _sql.ReadAsync(Lock, [clientRowId], static _ => true, cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// Deletes the test users of a client with all that is kept of them, in the unit of work that is open. The client's tokens and the
    /// questions about consent to it, which are all that they were ever given and asked, must go in the same. An alert that is under way
    /// holds no address, and finds nobody to go to.
    /// </summary>
    /// <returns>Who they were.</returns>
    internal async Task<IReadOnlyList<Guid>> DeleteOfClientAsync(string clientRowId, CancellationToken cancellationToken)
    {
        await _sql.WriteAsync(DeleteMessages, [clientRowId], cancellationToken);
        await _sql.WriteAsync(DeleteChallenges, [clientRowId], cancellationToken);

        // Budget, sessions, consents and mails go with the row.
        return await _sql.WriteAsync(DeleteUsers, [clientRowId], static row => row.GetGuid(0), cancellationToken);
    }
}

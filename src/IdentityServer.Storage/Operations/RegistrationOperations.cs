using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>Guarded writes of registration, and the end of a client. All join the open unit of work; without one each commits by itself.</summary>
public sealed class RegistrationOperations
{
    // Whoever opens authorizations or redeems tokens of a client holds its row before them; here it is held against them until all that
    // refers to it is gone.
    private static readonly SqlText Lock = new("""SELECT 1 FROM "clients" WHERE "Id" = $1 FOR UPDATE""");

    // Authorizations before their tokens, as whoever revokes takes them.
    private static readonly SqlText LockAuthorizations = new(
        """SELECT count(*) FROM (SELECT 1 FROM "authorizations" WHERE "ApplicationId" = $1 ORDER BY "Id" FOR UPDATE) held""");

    private static readonly SqlText Spend = new(
        """
        UPDATE "registration_tokens" SET "UsesLeft" = "UsesLeft" - 1
        WHERE "Id" = $1 AND "UsesLeft" > 0 AND "ExpiresAt" > $2 AND "RevokedAt" IS NULL
        """);

    private static readonly SqlText Revoke = new(
        """UPDATE "registration_tokens" SET "RevokedAt" = $2 WHERE "Id" = $1 AND "RevokedAt" IS NULL""");

    private static readonly SqlText DeleteTokens = new("""DELETE FROM "tokens" WHERE "ApplicationId" = $1""");

    private static readonly SqlText DeleteAuthorizations = new("""DELETE FROM "authorizations" WHERE "ApplicationId" = $1""");

    private static readonly SqlText DeleteGrants = new("""DELETE FROM "consent_grants" WHERE "ClientId" = $1""");

    private static readonly SqlText DeleteQuestions = new("""DELETE FROM "consent_questions" WHERE "ClientId" = $1""");

    private static readonly SqlText OfVersion = new("""SELECT 1 FROM "clients" WHERE "Id" = $1 AND "ConcurrencyToken" = $2""");

    private static readonly SqlText DeleteClient = new("""DELETE FROM "clients" WHERE "Id" = $1""");

    private readonly SqlRunner _sql;
    private readonly TestUserOperations _testUsers;

    internal RegistrationOperations(SqlRunner sql, TestUserOperations testUsers) => (_sql, _testUsers) = (sql, testUsers);

    /// <summary>Spends one use of an initial access token. Of any number of requests with one use left exactly one is told yes.</summary>
    /// <returns>False when it is used up, lapsed, revoked or does not exist.</returns>
    public async Task<bool> TrySpendAsync(string tokenId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Spend, [tokenId, now.ToUnixTimeMilliseconds()], cancellationToken) == 1;

    /// <summary>Revokes an initial access token.</summary>
    /// <returns>False when it was revoked before, or does not exist.</returns>
    public async Task<bool> TryRevokeAsync(string tokenId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Revoke, [tokenId, now.ToUnixTimeMilliseconds()], cancellationToken) == 1;

    /// <summary>Holds a client's row until the unit of work ends. A writer on SQLite holds the whole file already.</summary>
    public Task HoldClientAsync(string clientRowId, CancellationToken cancellationToken) => HoldAsync(Lock, clientRowId, cancellationToken);

    /// <summary>
    /// Deletes a client, its test users and all that it was ever given. The caller has a unit of work open: half of it would be worse than none.
    /// </summary>
    /// <param name="clientRowId">The client's row.</param>
    /// <param name="clientId">Its <c>client_id</c>.</param>
    /// <param name="version">What the row's version must be once it is held; null for whatever it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What went; nothing when the client was gone, or is of another version.</returns>
    public async Task<ClientDeletion> DeleteClientAsync(string clientRowId, string clientId, string? version, CancellationToken cancellationToken)
    {
        await _testUsers.HoldAsync(clientRowId, cancellationToken);
        await HoldClientAsync(clientRowId, cancellationToken);
        if (version is not null && (await _sql.ReadAsync(OfVersion, [clientRowId, version], static _ => true, cancellationToken)).Count == 0)
        {
            return new(false, []);
        }

        await HoldAsync(LockAuthorizations, clientRowId, cancellationToken);
        await _sql.WriteAsync(DeleteTokens, [clientRowId], cancellationToken);
        await _sql.WriteAsync(DeleteAuthorizations, [clientRowId], cancellationToken);
        await _sql.WriteAsync(DeleteGrants, [clientId], cancellationToken);
        await _sql.WriteAsync(DeleteQuestions, [clientId], cancellationToken);
        var testUsers = await _testUsers.DeleteOfClientAsync(clientRowId, cancellationToken);
        return new(await _sql.WriteAsync(DeleteClient, [clientRowId], cancellationToken) == 1, testUsers);
    }

    private Task HoldAsync(SqlText statement, string clientRowId, CancellationToken cancellationToken) =>
        _sql.OnPostgreSql ? _sql.ReadAsync(statement, [clientRowId], static _ => true, cancellationToken) : Task.CompletedTask;
}

/// <summary>What went with a client.</summary>
/// <param name="WasThere">False when the client was gone already.</param>
/// <param name="TestUsers">Its test users.</param>
public sealed record ClientDeletion(bool WasThere, IReadOnlyList<Guid> TestUsers);

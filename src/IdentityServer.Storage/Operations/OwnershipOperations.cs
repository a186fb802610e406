using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>Guarded writes about who owns clients. All join the open unit of work; without one each commits by itself.</summary>
public sealed class OwnershipOperations
{
    // Two who leave at the same moment must not both find the other one still there.
    private static readonly SqlText LockOwned = new(
        """
        SELECT 1 FROM "clients" WHERE "Id" IN (SELECT "ClientRowId" FROM "client_owners" WHERE "UserId" = $1) ORDER BY "Id" FOR UPDATE
        """);

    // Not FOR UPDATE: whoever signs in refers to the person and then to the client, which is held here already when an invitation is taken.
    private static readonly SqlText LockUser = new("""SELECT 1 FROM "users" WHERE "Id" = $1 FOR NO KEY UPDATE""");

    private static readonly SqlText SoleOwned = new(
        """
        SELECT "ClientRowId" FROM "client_owners" mine
        WHERE mine."UserId" = $1
          AND NOT EXISTS (SELECT 1 FROM "client_owners" other WHERE other."ClientRowId" = mine."ClientRowId" AND other."UserId" <> mine."UserId")
        """);

    private static readonly SqlText Remove = new(
        """
        DELETE FROM "client_owners" WHERE "ClientRowId" = $1 AND "UserId" = $2
          AND EXISTS (SELECT 1 FROM "client_owners" other WHERE other."ClientRowId" = $1 AND other."UserId" <> $2)
        """);

    private static readonly SqlText Take = new(
        """
        DELETE FROM "client_invitations" WHERE "Id" = $1 AND "NormalizedEmail" = $2 AND "ExpiresAt" > $3
          AND EXISTS (SELECT 1 FROM "client_owners" o WHERE o."ClientRowId" = "client_invitations"."ClientRowId" AND o."UserId" = "client_invitations"."InvitedBy")
        RETURNING "ClientRowId"
        """);

    private static readonly SqlText Add = new(
        """
        INSERT INTO "client_owners" ("ClientRowId", "UserId", "AddedAt") VALUES ($1, $2, $3) ON CONFLICT ("ClientRowId", "UserId") DO NOTHING
        """);

    private readonly SqlRunner _sql;

    internal OwnershipOperations(SqlRunner sql) => _sql = sql;

    /// <summary>Holds every client of a person until the unit of work ends, in the order of their rows. A writer on SQLite holds the whole file already.</summary>
    public Task HoldOwnedAsync(Guid userId, CancellationToken cancellationToken) => HoldAsync(LockOwned, userId, cancellationToken);

    /// <summary>
    /// Holds a person's row, so that clients that come to them at once are counted one after the other. Whoever holds a client besides took
    /// that before.
    /// </summary>
    public Task HoldUserAsync(Guid userId, CancellationToken cancellationToken) => HoldAsync(LockUser, userId, cancellationToken);

    /// <summary>The rows of the clients that nobody but this person owns.</summary>
    public Task<List<string>> SoleOwnedAsync(Guid userId, CancellationToken cancellationToken) =>
        _sql.ReadAsync(SoleOwned, [userId], static row => row.GetString(0), cancellationToken);

    /// <summary>Takes an owner away, unless it is the last. The client's row is held by the caller.</summary>
    /// <returns>False when it is the last, or is none.</returns>
    public async Task<bool> TryRemoveAsync(string clientRowId, Guid userId, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Remove, [clientRowId, userId], cancellationToken) == 1;

    /// <summary>Uses up an invitation that is for this address, has not lapsed, and was made by somebody who is an owner still.</summary>
    /// <returns>The client's row; null when there is none such.</returns>
    public async Task<string?> TakeInvitationAsync(Guid id, string normalizedEmail, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var taken = await _sql.WriteAsync(Take, [id, normalizedEmail, now.ToUnixTimeMilliseconds()], static row => row.GetString(0), cancellationToken);
        return taken is [var client] ? client : null;
    }

    /// <summary>Makes a person an owner, or does nothing when they are one.</summary>
    /// <returns>False when they were one already.</returns>
    public async Task<bool> AddAsync(string clientRowId, Guid userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Add, [clientRowId, userId, now.ToUnixTimeMilliseconds()], cancellationToken) == 1;

    private Task HoldAsync(SqlText statement, Guid userId, CancellationToken cancellationToken) =>
        _sql.OnPostgreSql ? _sql.ReadAsync(statement, [userId], static _ => true, cancellationToken) : Task.CompletedTask;
}

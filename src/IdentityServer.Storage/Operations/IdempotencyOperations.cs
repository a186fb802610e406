using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Storage.Operations;

/// <summary>The answers to requests that may be sent again. Each write commits by itself, before and after the work that it is about.</summary>
public sealed class IdempotencyOperations
{
    // What has lapsed and was not cleared away yet is as if it were not there.
    private static readonly SqlText Begin = new(
        """
        INSERT INTO "idempotency_records" ("Key", "RequestHash", "ProtectedAnswer", "ExpiresAt") VALUES ($1, $2, NULL, $3)
        ON CONFLICT ("Key") DO UPDATE SET "RequestHash" = excluded."RequestHash", "ProtectedAnswer" = NULL, "ExpiresAt" = excluded."ExpiresAt"
        WHERE "idempotency_records"."ExpiresAt" <= $4
        """);

    private static readonly SqlText Finish = new("""UPDATE "idempotency_records" SET "ProtectedAnswer" = $2 WHERE "Key" = $1""");

    private static readonly SqlText Forget = new("""DELETE FROM "idempotency_records" WHERE "Key" = $1 AND "ProtectedAnswer" IS NULL""");

    private readonly SqlRunner _sql;
    private readonly IdentityServerDbContext _db;

    internal IdempotencyOperations(SqlRunner sql, IdentityServerDbContext db) => (_sql, _db) = (sql, db);

    /// <summary>Takes a key for a request that begins.</summary>
    /// <param name="key">See <see cref="IdempotencyRecord.Key"/>.</param>
    /// <param name="requestHash">See <see cref="IdempotencyRecord.RequestHash"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">When it is forgotten.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when another request has it.</returns>
    public async Task<bool> TryBeginAsync(string key, string requestHash, DateTimeOffset now, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Begin, [key, requestHash, expiresAt.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds()], cancellationToken) == 1;

    /// <summary>What is kept under a key; null when it is free.</summary>
    public Task<IdempotencyRecord?> FindAsync(string key, CancellationToken cancellationToken) =>
        _db.IdempotencyRecords.AsNoTracking().SingleOrDefaultAsync(record => record.Key == key, cancellationToken);

    /// <summary>Keeps the answer of the request that has the key.</summary>
    public Task FinishAsync(string key, string protectedAnswer, CancellationToken cancellationToken) =>
        _sql.WriteAsync(Finish, [key, protectedAnswer], cancellationToken);

    /// <summary>Gives the key back of a request that did nothing.</summary>
    public Task ForgetAsync(string key, CancellationToken cancellationToken) => _sql.WriteAsync(Forget, [key], cancellationToken);
}

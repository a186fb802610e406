using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>What became of a wish to spend.</summary>
/// <param name="Allowed">Counted; false when the limit was reached, and then nothing was counted.</param>
/// <param name="Total">What this bucket and the one before hold now.</param>
public readonly record struct CounterResult(bool Allowed, int Total);

/// <summary>
/// Counters of limits, in the database: every node sees them and a restart keeps them. Counted are the current bucket and the one
/// before it, so that no window as long as a bucket ever holds more than the limit.
/// </summary>
public sealed class CounterOperations
{
    private readonly SqlRunner _sql;

    internal CounterOperations(SqlRunner sql) => _sql = sql;

    // One statement, so nothing happens between judging and counting. A node whose clock is a bucket behind counts into the newer
    // bucket: turning back would empty the counter.
    private static readonly SqlText Spend = new(
        """
        INSERT INTO "counters" ("Key", "Bucket", "Count", "PreviousCount", "ExpiresAt") VALUES ($1, $2, 1, 0, $3)
        ON CONFLICT ("Key") DO UPDATE SET
            "PreviousCount" = CASE
                WHEN "counters"."Bucket" >= excluded."Bucket" THEN "counters"."PreviousCount"
                WHEN "counters"."Bucket" = excluded."Bucket" - 1 THEN "counters"."Count"
                ELSE 0 END,
            "Count" = CASE WHEN "counters"."Bucket" >= excluded."Bucket" THEN "counters"."Count" + 1 ELSE 1 END,
            "Bucket" = CASE WHEN "counters"."Bucket" >= excluded."Bucket" THEN "counters"."Bucket" ELSE excluded."Bucket" END,
            "ExpiresAt" = CASE WHEN "counters"."Bucket" >= excluded."Bucket" THEN "counters"."ExpiresAt" ELSE excluded."ExpiresAt" END
        WHERE CASE
            WHEN "counters"."Bucket" >= excluded."Bucket" THEN "counters"."Count" + "counters"."PreviousCount"
            WHEN "counters"."Bucket" = excluded."Bucket" - 1 THEN "counters"."Count"
            ELSE 0 END < $4
        RETURNING "Count" + "PreviousCount"
        """);

    private static readonly SqlText Refund = new(
        """
        UPDATE "counters" SET
            "PreviousCount" = CASE
                WHEN "Count" >= $3 THEN "PreviousCount"
                WHEN "Count" + "PreviousCount" >= $3 THEN "Count" + "PreviousCount" - $3
                ELSE 0 END,
            "Count" = CASE WHEN "Count" >= $3 THEN "Count" - $3 ELSE 0 END
        WHERE "Key" = $1 AND "Bucket" >= $2
        """);

    private static readonly SqlText Forget = new("""DELETE FROM "counters" WHERE "Key" = $1""");

    private static readonly SqlText Read = new(
        """
        SELECT CASE WHEN "Bucket" > $2 THEN "Count" + "PreviousCount" ELSE "Count" END FROM "counters" WHERE "Key" = $1 AND "Bucket" >= $2
        """);

    /// <summary>Counts one, unless the limit is reached. Joins the open unit of work; without one it commits by itself.</summary>
    /// <param name="key">What is limited, for example <c>code-guesses/net/192.0.2.7</c>; at most 160 characters.</param>
    /// <param name="bucket">The window's length; always the same for a key.</param>
    /// <param name="limit">The most that a window may hold; <see cref="int.MaxValue"/> only counts.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<CounterResult> TrySpendAsync(
        string key, TimeSpan bucket, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (limit > 0)
        {
            var number = NumberOf(bucket, now);
            var expires = (number + 2) * (long)bucket.TotalMilliseconds;
            var totals = await _sql.WriteAsync(Spend, [key, number, expires, limit], static row => row.GetInt32(0), cancellationToken);
            if (totals.Count == 1)
            {
                return new(true, totals[0]);
            }
        }

        return new(false, await ReadAsync(key, bucket, now, cancellationToken));
    }

    /// <summary>Takes back what was spent, never below zero.</summary>
    public async Task RefundAsync(string key, TimeSpan bucket, DateTimeOffset now, int amount, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        if (amount > 0)
        {
            await _sql.WriteAsync(Refund, [key, NumberOf(bucket, now) - 1, amount], cancellationToken);
        }
    }

    /// <summary>Starts a counter anew.</summary>
    public Task ForgetAsync(string key, CancellationToken cancellationToken) => _sql.WriteAsync(Forget, [key], cancellationToken);

    /// <summary>What the window ending now holds, the bucket before included.</summary>
    public async Task<int> ReadAsync(string key, TimeSpan bucket, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var totals = await _sql.ReadAsync(Read, [key, NumberOf(bucket, now) - 1], static row => row.GetInt32(0), cancellationToken);
        return totals.Count == 1 ? totals[0] : 0;
    }

    private static long NumberOf(TimeSpan bucket, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bucket, TimeSpan.FromSeconds(1));
        return now.ToUnixTimeMilliseconds() / (long)bucket.TotalMilliseconds;
    }
}

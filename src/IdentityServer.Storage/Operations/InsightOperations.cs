using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Writes what a node has gathered of its clients' requests, and reads a client's counts. Nodes add to the same rows: every statement only
/// adds, or moves a moment forwards, and each takes its rows in one order. What concerns a client that is gone is left out.
/// </summary>
public sealed class InsightOperations
{
    // Held against the client's deletion: that takes the client first and then these rows, which the statements below take the other way round.
    private static readonly SqlText HoldClients = new("""SELECT "Id" FROM "clients" WHERE "Id" = ANY($1) ORDER BY "Id" FOR KEY SHARE""");

    // On PostgreSQL all in one statement, since each costs a way there and back; its rows are taken in the order of the arrays.
    private static readonly Addition AddCounts = new(
        """
        INSERT INTO "client_activity" ("ClientRowId", "Day", "Kind", "Count")
        SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM "clients" WHERE "Id" = $1)
        """,
        """
        INSERT INTO "client_activity" ("ClientRowId", "Day", "Kind", "Count") SELECT * FROM unnest($1, $2, $3, $4)
        """,
        """
        ON CONFLICT ("ClientRowId", "Day", "Kind") DO UPDATE SET "Count" = "client_activity"."Count" + excluded."Count"
        """);

    private static readonly SqlText UseClient = new(
        """
        INSERT INTO "client_standings" ("ClientRowId", "LastUsedAt")
        SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM "clients" WHERE "Id" = $1)
        ON CONFLICT ("ClientRowId") DO UPDATE SET "LastUsedAt" = excluded."LastUsedAt"
        WHERE "client_standings"."LastUsedAt" IS NULL OR "client_standings"."LastUsedAt" < excluded."LastUsedAt"
        """);

    private static readonly SqlText UseSecret = new(
        """
        UPDATE "client_secrets" SET "LastUsedAt" = $3
        WHERE "Id" = $1 AND "ClientRowId" = $2 AND ("LastUsedAt" IS NULL OR "LastUsedAt" < $3)
        """);

    private static readonly SqlText UseKey = new(
        """
        INSERT INTO "client_key_uses" ("ClientRowId", "Thumbprint", "FirstUsedAt", "LastUsedAt")
        SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM "clients" WHERE "Id" = $1)
        ON CONFLICT ("ClientRowId", "Thumbprint") DO UPDATE SET "LastUsedAt" = excluded."LastUsedAt"
        WHERE "client_key_uses"."LastUsedAt" < excluded."LastUsedAt"
        """);

    private static readonly SqlText AddFailure = new(
        """
        INSERT INTO "client_failures" ("Id", "ClientRowId", "At", "Code", "Endpoint", "Details")
        SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM "clients" WHERE "Id" = $2)
        ON CONFLICT ("Id") DO NOTHING
        """);

    internal static readonly SqlText Activity = new(
        """SELECT "Day", "Kind", "Count" FROM "client_activity" WHERE "ClientRowId" = $1 AND "Day" >= $2 AND "Day" <= $3""");

    private readonly SqlRunner _sql;
    private readonly UnitOfWork _work;

    internal InsightOperations(SqlRunner sql, UnitOfWork work) => (_sql, _work) = (sql, work);

    /// <summary>Writes a batch, all of it or nothing, in a transaction of its own.</summary>
    public Task WriteAsync(InsightBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _work.InOwnTransactionAsync(
            async () =>
            {
                var clients = await HoldAsync(batch, cancellationToken);
                await CountAsync(batch, clients, cancellationToken);
                await UseAsync(batch, cancellationToken);
                await FailAsync(batch, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>A client's counts of some days.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="firstDay">Days since the Unix epoch, in UTC; the first that is read.</param>
    /// <param name="lastDay">The last that is read.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public Task<List<ClientActivityCount>> ActivityAsync(string clientRowId, int firstDay, int lastDay, CancellationToken cancellationToken) =>
        _sql.ReadAsync(
            Activity,
            [clientRowId, firstDay, lastDay],
            row => new ClientActivityCount { ClientRowId = clientRowId, Day = row.GetInt32(0), Kind = row.GetString(1), Count = row.GetInt64(2) },
            cancellationToken);

    // Those that are there, and stay until the commit. A writer on SQLite holds the whole file already, and looks at each row's client.
    private async Task<HashSet<string>> HoldAsync(InsightBatch batch, CancellationToken cancellationToken)
    {
        var clients = batch.Clients.ToArray();
        return [.. _sql.OnPostgreSql ? await _sql.ReadAsync(HoldClients, [clients], static row => row.GetString(0), cancellationToken) : clients.ToList()];
    }

    private async Task CountAsync(InsightBatch batch, HashSet<string> clients, CancellationToken cancellationToken)
    {
        var counts = batch.Counts.Where(row => clients.Contains(row.ClientRowId))
            .OrderBy(row => row.ClientRowId, StringComparer.Ordinal).ThenBy(row => row.Day).ThenBy(row => row.Kind, StringComparer.Ordinal).ToList();
        if (_sql.OnPostgreSql)
        {
            await _sql.WriteAsync(
                AddCounts.OnPostgreSql,
                [
                    counts.ConvertAll(row => row.ClientRowId).ToArray(), counts.ConvertAll(row => row.Day).ToArray(),
                    counts.ConvertAll(row => row.Kind).ToArray(), counts.ConvertAll(row => row.Count).ToArray(),
                ],
                cancellationToken);
            return;
        }

        foreach (var count in counts)
        {
            await _sql.WriteAsync(AddCounts.OnSqlite, [count.ClientRowId, count.Day, count.Kind, count.Count], cancellationToken);
        }
    }

    private async Task UseAsync(InsightBatch batch, CancellationToken cancellationToken)
    {
        foreach (var use in batch.Uses.OrderBy(row => row.ClientRowId, StringComparer.Ordinal))
        {
            await _sql.WriteAsync(UseClient, [use.ClientRowId, use.At.ToUnixTimeMilliseconds()], cancellationToken);
        }

        foreach (var use in batch.SecretUses.OrderBy(row => row.SecretId))
        {
            await _sql.WriteAsync(UseSecret, [use.SecretId, use.ClientRowId, use.At.ToUnixTimeMilliseconds()], cancellationToken);
        }

        foreach (var use in batch.KeyUses
            .OrderBy(row => row.ClientRowId, StringComparer.Ordinal).ThenBy(row => row.Thumbprint, StringComparer.Ordinal))
        {
            await _sql.WriteAsync(
                UseKey,
                [use.ClientRowId, use.Thumbprint, use.FirstUsedAt.ToUnixTimeMilliseconds(), use.LastUsedAt.ToUnixTimeMilliseconds()],
                cancellationToken);
        }
    }

    private async Task FailAsync(InsightBatch batch, CancellationToken cancellationToken)
    {
        foreach (var failure in batch.Failures.OrderBy(row => row.Id, StringComparer.Ordinal))
        {
            await _sql.WriteAsync(
                AddFailure,
                [failure.Id, failure.ClientRowId, failure.At.ToUnixTimeMilliseconds(), failure.Code, failure.Endpoint, failure.Details],
                cancellationToken);
        }
    }

    private sealed class Addition(string one, string many, string conflict)
    {
        public SqlText OnSqlite { get; } = new(one + conflict);

        public SqlText OnPostgreSql { get; } = new(many + conflict);
    }
}

/// <summary>That a client was given tokens.</summary>
/// <param name="ClientRowId">The client's <see cref="Client.Id"/>.</param>
/// <param name="At">When it last was.</param>
public sealed record ClientUse(string ClientRowId, DateTimeOffset At);

/// <summary>That a client proved itself with a secret.</summary>
/// <param name="ClientRowId">The client's <see cref="Client.Id"/>.</param>
/// <param name="SecretId">The secret's row.</param>
/// <param name="At">When it last did.</param>
public sealed record SecretUse(string ClientRowId, Guid SecretId, DateTimeOffset At);

/// <summary>What a node has gathered since it last wrote.</summary>
/// <param name="Counts">What to add; at most one for a client, day and kind.</param>
/// <param name="Uses">The last use of clients.</param>
/// <param name="SecretUses">The last use of secrets.</param>
/// <param name="KeyUses">The use of keys.</param>
/// <param name="Failures">Requests that failed.</param>
public sealed record InsightBatch(
    IReadOnlyCollection<ClientActivityCount> Counts,
    IReadOnlyCollection<ClientUse> Uses,
    IReadOnlyCollection<SecretUse> SecretUses,
    IReadOnlyCollection<ClientKeyUse> KeyUses,
    IReadOnlyCollection<ClientFailure> Failures)
{
    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => Counts.Count + Uses.Count + SecretUses.Count + KeyUses.Count + Failures.Count == 0;

    internal IEnumerable<string> Clients =>
        Counts.Select(row => row.ClientRowId)
            .Concat(Uses.Select(row => row.ClientRowId))
            .Concat(SecretUses.Select(row => row.ClientRowId))
            .Concat(KeyUses.Select(row => row.ClientRowId))
            .Concat(Failures.Select(row => row.ClientRowId))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
}

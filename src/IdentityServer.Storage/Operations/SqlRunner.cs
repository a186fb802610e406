using System.Data.Common;
using IdentityServer.Storage.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Runs statements past EF's pipeline: these are the ones that every token request pays for. Within a unit of work they join its
/// transaction. Outside, on SQLite, they go over the writers' connection, and their prepared commands are kept with it; on PostgreSQL
/// they go over the context's, and Npgsql prepares by itself.
/// </summary>
internal sealed class SqlRunner(IdentityServerDbContext db, SqliteWriteGate gate)
{
    public bool OnPostgreSql { get; } = db.Kept is null;

    /// <summary>Runs a write: within the open transaction, or with a commit of its own when there is none.</summary>
    /// <returns>The rows touched.</returns>
    public Task<int> WriteAsync(SqlText sql, object?[] values, CancellationToken cancellationToken) =>
        OnConnectionAsync(sql, values, write: true, static (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);

    /// <summary>Runs a write that returns rows; the transaction as with <see cref="WriteAsync"/>.</summary>
    public Task<List<T>> WriteAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken) =>
        ListAsync(sql, values, write: true, read, cancellationToken);

    /// <summary>Runs a query to its end.</summary>
    public Task<List<T>> ReadAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken) =>
        ListAsync(sql, values, write: false, read, cancellationToken);

    /// <summary>Runs a query for one row.</summary>
    public Task<T?> ReadOneAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken)
        where T : class =>
        OnConnectionAsync(sql, values, write: false, async (command, token) =>
        {
            await using var reader = await command.ExecuteReaderAsync(token);
            return await reader.ReadAsync(token) ? read(reader) : null;
        }, cancellationToken);

    private Task<List<T>> ListAsync<T>(
        SqlText sql, object?[] values, bool write, Func<DbDataReader, T> read, CancellationToken cancellationToken) =>
        OnConnectionAsync(sql, values, write, async (command, token) =>
        {
            var rows = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
            {
                rows.Add(read(reader));
            }

            return rows;
        }, cancellationToken);

    private Task<T> OnConnectionAsync<T>(
        SqlText sql, object?[] values, bool write, Func<DbCommand, CancellationToken, Task<T>> run, CancellationToken cancellationToken) =>
        !OnPostgreSql && db.CommitsAlone
            ? InTurnAsync(sql, values, write, run, cancellationToken)
            : OnPostgreSql && !write && db.CommitsAlone
                ? AgainOnceAsync(() => OnContextAsync(sql, values, run, cancellationToken))
                : OnContextAsync(sql, values, run, cancellationToken);

    // A question by itself may be asked again: the pool has been emptied of what broke.
    private async Task<T> AgainOnceAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception broken) when (LostConnections.IsBrokenDriver(broken))
        {
            db.StatementFailed = false;
            return await ask();
        }
    }

    // On SQLite and alone: over the writers' connection, which a query uses when nobody writes at the moment.
    private async Task<T> InTurnAsync<T>(
        SqlText sql, object?[] values, bool write, Func<DbCommand, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        using var turn = write ? await gate.EnterAsync(cancellationToken) : gate.TryEnter();
        if (turn is null)
        {
            return await OnContextAsync(sql, values, run, cancellationToken);
        }

        try
        {
            return await run(Bind(PreparedCommands.Of(turn.Connection, sql, values.Length), null, values), cancellationToken);
        }
        catch (Exception failure)
        {
            turn.Failed(failure);
            throw;
        }
    }

    private async Task<T> OnContextAsync<T>(
        SqlText sql, object?[] values, Func<DbCommand, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        db.RefuseAfterFailure();
        var transaction = db.Database.CurrentTransaction;
        var alone = db.CommitsAlone;
        if (alone)
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
        }

        try
        {
            var connection = db.Database.GetDbConnection();
            if (!OnPostgreSql)
            {
                return await run(Bind(PreparedCommands.Of(connection, sql, values.Length), transaction, values), cancellationToken);
            }

            await using var command = Create(connection, sql, values.Length);
            return await run(Bind(command, transaction, values), cancellationToken);
        }
        catch (Exception failure)
        {
            db.StatementFailed = true;
            LostConnections.Forget(failure, db.Database.GetDbConnection());
            throw;
        }
        finally
        {
            if (alone)
            {
                await db.Database.CloseConnectionAsync();
            }
        }
    }

    private static DbCommand Create(DbConnection connection, SqlText sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql.Text;
        for (var index = 0; index < parameters; index++)
        {
            command.Parameters.Add(command.CreateParameter());
        }

        return command;
    }

    private static DbCommand Bind(DbCommand command, IDbContextTransaction? transaction, object?[] values)
    {
        command.Transaction = transaction?.GetDbTransaction();
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        }

        return command;
    }
}

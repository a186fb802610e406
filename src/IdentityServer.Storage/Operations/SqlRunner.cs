using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using IdentityServer.Storage.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Runs statements on the context's connection and in its transaction, past EF's pipeline: these are the statements every token
/// request pays for. On SQLite prepared commands are kept with their connection; on PostgreSQL Npgsql prepares by itself.
/// </summary>
internal sealed class SqlRunner(IdentityServerDbContext db, SqliteWriteGate gate)
{
    private static readonly ConditionalWeakTable<DbConnection, Dictionary<SqlText, DbCommand>> Prepared = [];

    public bool OnPostgreSql { get; } = db.Database.ProviderName == "Npgsql.EntityFrameworkCore.PostgreSQL";

    /// <summary>Runs a write: within the open transaction, or with a commit of its own when there is none.</summary>
    /// <returns>The rows touched.</returns>
    public async Task<int> WriteAsync(SqlText sql, object?[] values, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        return await OnConnectionAsync(sql, values, static (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);
    }

    /// <summary>Runs a write that returns rows; the transaction as with <see cref="WriteAsync"/>.</summary>
    public async Task<List<T>> WriteAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        using var turn = await EnterAsync(cancellationToken);
        return await ReadAsync(sql, values, read, cancellationToken);
    }

    /// <summary>Runs a query to its end.</summary>
    public Task<List<T>> ReadAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken) =>
        OnConnectionAsync(sql, values, async (command, token) =>
        {
            var rows = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(token);
            while (await reader.ReadAsync(token))
            {
                rows.Add(read(reader));
            }

            return rows;
        }, cancellationToken);

    /// <summary>Runs a query for one row.</summary>
    public Task<T?> ReadOneAsync<T>(SqlText sql, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellationToken)
        where T : class =>
        OnConnectionAsync(sql, values, async (command, token) =>
        {
            await using var reader = await command.ExecuteReaderAsync(token);
            return await reader.ReadAsync(token) ? read(reader) : null;
        }, cancellationToken);

    private async ValueTask<SqliteWriteGate.Turn?> EnterAsync(CancellationToken cancellationToken) =>
        db.Database.CurrentTransaction is null ? await gate.EnterAsync(cancellationToken) : null;

    private async Task<T> OnConnectionAsync<T>(
        SqlText sql, object?[] values, Func<DbCommand, CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        var transaction = db.Database.CurrentTransaction;
        if (transaction is null)
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
        }

        try
        {
            var connection = db.Database.GetDbConnection();
            if (connection is SqliteConnection)
            {
                var kept = Kept(connection, sql, values.Length);
                return await run(Bind(kept, transaction, values), cancellationToken);
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
            if (transaction is null)
            {
                await db.Database.CloseConnectionAsync();
            }
        }
    }

    private static DbCommand Kept(DbConnection connection, SqlText sql, int parameters)
    {
        var commands = Prepared.GetOrCreateValue(connection);
        if (!commands.TryGetValue(sql, out var command))
        {
            command = Create(connection, sql, parameters);
            commands.Add(sql, command);
        }

        return command;
    }

    private static DbCommand Create(DbConnection connection, SqlText sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql.Text;
        for (var index = 1; index <= parameters; index++)
        {
            var parameter = command.CreateParameter();
            if (connection is SqliteConnection)
            {
                parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"${index}");
            }

            command.Parameters.Add(parameter);
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

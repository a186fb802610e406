using System.Data.Common;
using System.Reflection;
using IdentityServer.Storage.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace IdentityServer.Storage.Migrations;

/// <summary>
/// What the database has seen already. EF answers this too, but builds the model three more times for it, and keeps two of them as long
/// as the program runs: a fifth of the time that a start takes, and several mebibytes, on each of the many starts that find nothing to do.
/// </summary>
internal static class MigrationHistory
{
    private const int NoSuchTable = 1; // SQLite's code for whatever is wrong with a statement

    // Each is there for both databases. Written down, since a search loads every type of the storage; a test tells when one is forgotten.
    private static readonly string[] _migrations = ["Initial"];

    /// <summary>Whether all migrations of this program are in the database.</summary>
    /// <exception cref="DbException">The database cannot be asked.</exception>
    public static async Task<bool> IsCompleteAsync(StorageSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectAsync(settings, cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT \"MigrationId\" FROM \"{HistoryRepository.DefaultTableName}\"";
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var missing = Names(settings.Provider).ToHashSet(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellationToken))
            {
                missing.Remove(reader.GetString(0));
            }

            return missing.Count == 0;
        }
        catch (DbException none) when (none is SqliteException { SqliteErrorCode: NoSuchTable } || IsEmpty(none))
        {
            return false;
        }
    }

    /// <summary>All of this program's migrations for a database.</summary>
    public static IEnumerable<string> Names(StorageProvider provider) => _migrations.Select(migration =>
    {
        var type = typeof(MigrationHistory).Assembly.GetType($"{typeof(MigrationHistory).Namespace}.{provider}.{migration}", throwOnError: true)!;
        return type.GetCustomAttribute<MigrationAttribute>()!.Id;
    });

    private static bool IsEmpty(DbException none) =>
        none is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName };

    private static async Task<DbConnection> ConnectAsync(StorageSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Provider == StorageProvider.Sqlite)
        {
            return KeptSqliteConnection.Open(settings);
        }

        var connection = StorageOptions.PostgreSqlConnection(settings);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

using System.Data.Common;
using System.Reflection;
using IdentityServer.Storage.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace IdentityServer.Storage.Migrations;

/// <summary>
/// What the database has seen already. EF answers this too, but builds the model anew for it and keeps that as long as the program runs, on
/// each of the many starts that find nothing to do.
/// </summary>
internal static class MigrationHistory
{
    // SQLite's result codes for whatever is wrong with a statement, and for a file that is not there (sqlite.org/rescode.html).
    private const int NoSuchTable = 1;
    private const int CannotOpen = 14;

    // Each is there for both databases. Written down, since a search loads every type of the storage; a test tells when one is forgotten.
    private static readonly string[] _migrations = ["Initial"];

    /// <summary>Whether all migrations of this program are in the database. Asking makes nothing: no file, no table.</summary>
    /// <param name="settings">Which database.</param>
    /// <param name="patience">How long another node, which migrates at the moment, is waited for; null for as long as for any statement.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="DbException">The database cannot be asked.</exception>
    public static async Task<bool> IsCompleteAsync(StorageSettings settings, TimeSpan? patience, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectAsync(settings, cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandTimeout = patience is { } wait ? (int)wait.TotalSeconds : command.CommandTimeout;
            command.CommandText = $"SELECT \"MigrationId\" FROM \"{HistoryRepository.DefaultTableName}\"";
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var missing = Names(settings.Provider).ToHashSet(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellationToken))
            {
                missing.Remove(reader.GetString(0));
            }

            return missing.Count == 0;
        }
        catch (DbException none) when (none is SqliteException { SqliteErrorCode: NoSuchTable or CannotOpen } || IsEmpty(none))
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
        var connection = settings.Provider == StorageProvider.Sqlite
            ? StorageOptions.SqliteReader(settings)
            : StorageOptions.PostgreSqlConnection(settings);
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

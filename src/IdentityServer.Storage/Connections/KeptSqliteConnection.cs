using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Storage.Connections;

/// <summary>
/// A SQLite connection that stays open as long as its (pooled) context lives. Opening one costs a dozen registered functions, the
/// pragmas below and every prepared statement; done once per context instead of once per use, it costs nothing per request.
/// While its context has the turn to write, it is the writers' one connection.
/// </summary>
// The provider marks its connection class as internal, and offers no other place to keep a connection open. Versions are pinned
// centrally, so a change shows when they are raised: at compile time, or in the contract tests.
#pragma warning disable EF1001
internal sealed class KeptSqliteConnection(
    RelationalConnectionDependencies dependencies, IRawSqlCommandBuilder rawSql, IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger)
    : SqliteRelationalConnection(dependencies, rawSql, logger)
#pragma warning restore EF1001
{
    // busy_timeout is SQLite's own wait, in steps of 1 to 100 ms: Microsoft.Data.Sqlite would retry only every 150 ms.
    // synchronous=FULL makes each commit durable: an answered sign-in survives a power cut, not only a crash.
    private const string Pragmas =
        """
        PRAGMA busy_timeout = 5000;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
        """;

    // In KiB. The one that writes finds its pages again; any other throws them away at each commit, and there may be dozens of those.
    private const int WritersCache = 1024;
    private const int ReadersCache = 512;

    private DbConnection? _borrowed;

    /// <summary>The context's own connection, or the one that it borrows.</summary>
    [AllowNull]
    public override DbConnection DbConnection
    {
        get => _borrowed ?? base.DbConnection;
        set => base.DbConnection = value;
    }

    /// <summary>
    /// Opens the writers' connection, which belongs to no context. It lacks the functions that EF registers on a context's own, for regular
    /// expressions and decimals: a query that needs one fails within a unit of work.
    /// </summary>
    /// <exception cref="DbException">The file cannot be opened.</exception>
    public static DbConnection Open(StorageSettings settings)
    {
        var connection = new SqliteConnection(StorageOptions.Sqlite(settings.ConnectionString));
        try
        {
            connection.Open();
            Prepare(connection, WritersCache);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Uses this open connection, until <see cref="GiveBack"/>. Only between the context's own uses.</summary>
    public void Borrow(DbConnection connection) => _borrowed = connection;

    /// <summary>Uses the context's own connection again.</summary>
    public void GiveBack() => _borrowed = null;

    protected override void OpenDbConnection(bool errorsExpected)
    {
        base.OpenDbConnection(errorsExpected);
        Prepare(DbConnection, ReadersCache);
    }

    protected override async Task OpenDbConnectionAsync(bool errorsExpected, CancellationToken cancellationToken)
    {
        await base.OpenDbConnectionAsync(errorsExpected, cancellationToken);
        Prepare(DbConnection, ReadersCache);
    }

    // Kept open: disposing the context closes it.
    protected override void CloseDbConnection()
    {
    }

    protected override Task CloseDbConnectionAsync() => Task.CompletedTask;

    private static void Prepare(DbConnection connection, int cache)
    {
        using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"{Pragmas} PRAGMA cache_size = -{cache};");
        command.ExecuteNonQuery();
    }
}

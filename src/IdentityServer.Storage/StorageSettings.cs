using Microsoft.Data.Sqlite;
using Npgsql;

namespace IdentityServer.Storage;

/// <summary>Which database holds the model.</summary>
public enum StorageProvider
{
    /// <summary>A file on this machine: one node.</summary>
    Sqlite,

    /// <summary>PostgreSQL 13 or later: any number of nodes.</summary>
    PostgreSql,
}

/// <summary>Where the data is.</summary>
/// <param name="Provider">The database.</param>
/// <param name="ConnectionString">In the words of Microsoft.Data.Sqlite or of Npgsql. What is said here wins over our own defaults.</param>
public sealed record StorageSettings(StorageProvider Provider, string ConnectionString)
{
    /// <summary>Says what is wrong with the connection string, without quoting it; null when its words are known.</summary>
    public string? Fault()
    {
        try
        {
            if (Provider == StorageProvider.PostgreSql)
            {
                return HostFault();
            }

            var sqlite = new SqliteConnectionStringBuilder(ConnectionString);
            return sqlite.DataSource.Length == 0 || sqlite.DataSource == ":memory:" || sqlite.Mode == SqliteOpenMode.Memory ? "names no file." : null;
        }
        catch (ArgumentException)
        {
            return "has words that the database's driver does not know.";
        }
    }

    private string? HostFault() => new NpgsqlConnectionStringBuilder(ConnectionString).Host is { Length: > 0 } ? null : "names no host.";

    /// <summary>Without the connection string, which may hold a password.</summary>
    public override string ToString() => $"{nameof(StorageSettings)} {{ {nameof(Provider)} = {Provider} }}";
}

using IdentityServer.TestSupport;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace IdentityServer.Tests.Support;

/// <summary>
/// An installation that was started once and stopped, for tests to begin with a copy of: most of what a start costs is its keys, its
/// tables and its demo data. Only for servers that would make the very same; a test about what a first start makes asks for a fresh one.
/// </summary>
internal sealed class ServerTemplate
{
    /// <summary>The time at which the clocks of these tests begin: keys begin then.</summary>
    public static readonly DateTimeOffset Beginning = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    // What changes what a first start makes or where it puts it.
    private static readonly string[] Decisive = ["Demo", "Storage", "RootSecret", "Secrets"];

    private static readonly Lazy<Task<ServerTemplate>> _onSqlite = new(() => MakeAsync(postgreSql: false));
    private static readonly Lazy<Task<ServerTemplate>> _onPostgreSql = new(() => MakeAsync(postgreSql: true));

    private readonly string _directory;

    private ServerTemplate(string directory, string? database) => (_directory, Database) = (directory, database);

    /// <summary>The database on PostgreSQL; null on SQLite, where it is a file beside the others.</summary>
    public string? Database { get; }

    /// <summary>The template for a server that is set up like this; null for one that must start anew.</summary>
    public static Task<ServerTemplate>? For(TestServerSetup setup) =>
        !setup.Fresh && setup.Environment == "Development" && setup.Configure is null && setup.Time is { } clock && clock.GetUtcNow() == Beginning
        && !setup.Settings.Keys.Any(key => Decisive.Any(section => key.StartsWith(section, StringComparison.OrdinalIgnoreCase)))
            ? (setup.PostgreSql ? _onPostgreSql : _onSqlite).Value
            : null;

    /// <summary>Puts a copy of its files into a directory.</summary>
    public void CopyTo(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(_directory))
        {
            // A copy keeps the mode: the server refuses a root secret that others may read.
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }
    }

    private static async Task<ServerTemplate> MakeAsync(bool postgreSql)
    {
        var directory = Directory.CreateTempSubdirectory("identityserver-template-").FullName;
        var database = postgreSql ? await TestDatabase.CreateAsync() : null;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        await using (await TestServer.StartInAsync(directory, database, setup => setup.Time = new FakeTimeProvider(Beginning)))
        {
            // It has made everything by now.
        }

        // A file that is copied must be whole, and PostgreSQL copies no database that somebody is connected to.
        SqliteConnection.ClearAllPools();
        NpgsqlConnection.ClearAllPools();
        if (database is not null)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => database.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(2));
        }

        return new(directory, database?.Name);
    }
}

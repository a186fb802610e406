using System.CommandLine;
using IdentityServer.Settings;
using IdentityServer.Storage;

namespace IdentityServer.Maintenance;

/// <summary><c>db migrate</c>.</summary>
internal static class MigrateVerb
{
    private const string More =
        """
        Running it again changes nothing. With SQLite the server migrates by itself; with PostgreSQL, outside Development, it
        does not start before this verb has run.

        Exit codes:
          0    the database is up to date
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var verb = new Verb("migrate", "Brings the database to what this version needs.", More);
        verb.SetAction((_, cancellationToken) => RunAsync(console, host, cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, CancellationToken cancellationToken)
    {
        await using var app = host.Build();
        if (app.Services.GetRequiredService<StorageSettings>().Provider == StorageProvider.Sqlite)
        {
            app.Services.GetRequiredService<DataDirectory>().Ensure();
        }

        var migrator = app.Services.GetRequiredService<StorageMigrator>();
        var pending = await migrator.PendingMigrationsAsync(cancellationToken);
        await migrator.MigrateAsync(cancellationToken);
        foreach (var name in pending)
        {
            await console.Out.WriteLineAsync($"Applied {name}.");
        }

        await console.Out.WriteLineAsync("The database is up to date.");
        return ExitCode.Done;
    }
}

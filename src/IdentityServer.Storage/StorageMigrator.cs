using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Migrations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Storage;

/// <summary>Brings the database to the model this program was built with.</summary>
public sealed class StorageMigrator(StorageSettings settings)
{
    private static readonly TimeSpan AnyTime = TimeSpan.FromHours(6);

    /// <summary>Applies what is missing. Safe from several nodes at once: the first takes a lock, the others find nothing left.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if (settings.Provider == StorageProvider.Sqlite)
        {
            SqliteFile.MakePrivate(settings.ConnectionString);
        }

        if (await MigrationHistory.IsCompleteAsync(settings, AnyTime, cancellationToken))
        {
            return;
        }

        await using var context = MigrationContext.Create(settings);
        context.Database.SetCommandTimeout(AnyTime); // a migration may rewrite a table
        await context.Database.MigrateAsync(cancellationToken);
    }

    /// <summary>Names of the migrations that the database has not seen, oldest first; empty when it is up to date.</summary>
    public async Task<IReadOnlyList<string>> PendingMigrationsAsync(CancellationToken cancellationToken)
    {
        if (await MigrationHistory.IsCompleteAsync(settings, patience: null, cancellationToken))
        {
            return [];
        }

        await using var context = MigrationContext.Create(settings);
        return [.. await context.Database.GetPendingMigrationsAsync(cancellationToken)];
    }
}

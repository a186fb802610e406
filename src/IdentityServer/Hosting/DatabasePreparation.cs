using IdentityServer.Settings;
using IdentityServer.Storage;

namespace IdentityServer.Hosting;

/// <summary>Sees to it that the database is there and matches this version.</summary>
internal sealed class DatabasePreparation(Installation installation, StorageSettings storage, DataDirectory directory, StorageMigrator migrator)
{
    /// <summary>Migrates where that is ours to decide: the embedded default, and Development.</summary>
    /// <exception cref="ConfigurationException">A shared database is behind: other nodes may still run the older version, so a person decides.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        directory.Ensure();
        if (storage.Provider == StorageProvider.Sqlite || installation.IsDevelopment)
        {
            await migrator.MigrateAsync(cancellationToken);
        }
        else if (await migrator.PendingMigrationsAsync(cancellationToken) is { Count: > 0 } pending)
        {
            throw new ConfigurationException(
                $"{StorageOptions.Section}:{nameof(StorageOptions.ConnectionString)}",
                $"names a database that lacks {pending.Count} migration{(pending.Count == 1 ? "" : "s")} of this version.",
                "Bring it up to date with the verb: db migrate");
        }
    }
}

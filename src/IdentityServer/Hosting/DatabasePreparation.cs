using IdentityServer.Settings;
using IdentityServer.Storage;

namespace IdentityServer.Hosting;

/// <summary>Sees to it that the database is there and matches this version.</summary>
internal sealed class DatabasePreparation(Installation installation, StorageSettings storage, DataDirectory directory, StorageMigrator migrator)
{
    private static readonly string ConnectionString = $"{StorageOptions.Section}:{nameof(StorageOptions.ConnectionString)}";

    /// <summary>Migrates where that is ours to decide: the embedded default, and Development.</summary>
    /// <exception cref="ConfigurationException">
    /// The database cannot be used; or a shared one is behind: other nodes may still run the older version, so a person decides.
    /// </exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        directory.Ensure();
        try
        {
            await MatchAsync(cancellationToken);
        }
        catch (Exception failure) when (StorageFailure.OfConfigured(failure) is { } words)
        {
            throw new ConfigurationException(
                ConnectionString,
                $"names a database that cannot be used: {words.TrimEnd('.')}.",
                "Mend the connection string, or see to it that the database answers and lets this user in.");
        }
    }

    private async Task MatchAsync(CancellationToken cancellationToken)
    {
        if (storage.Provider == StorageProvider.Sqlite || installation.IsDevelopment)
        {
            await migrator.MigrateAsync(cancellationToken);
        }
        else if (await migrator.PendingMigrationsAsync(cancellationToken) is { Count: > 0 } pending)
        {
            throw new ConfigurationException(
                ConnectionString,
                $"names a database that lacks {pending.Count} migration{(pending.Count == 1 ? "" : "s")} of this version.",
                "Bring it up to date with the verb: db migrate");
        }
    }
}

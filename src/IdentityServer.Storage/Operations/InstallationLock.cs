using IdentityServer.Storage.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Lets one node at a time do what must happen once for the whole installation, such as making its first keys. Held by the database
/// server on PostgreSQL, by a file beside the database on SQLite; a node that dies lets go of it.
/// </summary>
public sealed class InstallationLock(StorageSettings settings) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _inThisProcess = new(1, 1);

    /// <summary>Runs the work while no other node runs any under this lock. The work uses contexts of its own, and does not nest.</summary>
    /// <exception cref="TimeoutException">Another node has held the lock for half a minute.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (!await _inThisProcess.WaitAsync(Patience, cancellationToken))
        {
            throw new TimeoutException("Somebody in this process has held the installation's lock for too long.");
        }

        try
        {
            return settings.Provider == StorageProvider.Sqlite
                ? await UnderFileLockAsync(work, cancellationToken)
                : await UnderAdvisoryLockAsync(work, cancellationToken);
        }
        finally
        {
            _inThisProcess.Release();
        }
    }

    public void Dispose() => _inThisProcess.Dispose();

    private async Task<T> UnderAdvisoryLockAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        // Bound to a transaction, not to the session: the lock is given back even where a proxy shares sessions among clients.
        await using var db = new IdentityServerDbContext(StorageOptions.For<IdentityServerDbContext>(settings));
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Database.SetCommandTimeout(Patience + Patience);
        await db.Database.ExecuteSqlRawAsync("SET LOCAL lock_timeout = '30s'", cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SELECT pg_advisory_xact_lock(hashtextextended('IdentityServer installation', 0))", cancellationToken);
        return await work(cancellationToken);
    }

    private async Task<T> UnderFileLockAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var path = new SqliteConnectionStringBuilder(settings.ConnectionString).DataSource + ".lock";
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            FileStream file;
            try
            {
                file = SqliteFile.OpenPrivate(path, FileMode.OpenOrCreate, FileShare.None); // whoever may open it could hold it
            }
            catch (IOException) when (waited < Patience && File.Exists(path))
            {
                await Task.Delay(Pause, cancellationToken);
                continue;
            }

            await using (file)
            {
                return await work(cancellationToken);
            }
        }
    }
}

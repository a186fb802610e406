namespace IdentityServer.Storage.Connections;

/// <summary>
/// SQLite has one writer at a time. Writers of this process queue here without holding a thread, instead of spinning on the file's
/// lock; other processes are waited for by SQLite itself. On PostgreSQL the gate stands open.
/// </summary>
public sealed class SqliteWriteGate : IDisposable
{
    // Longer than any transaction may take: whoever waits this long has found a writer that never finishes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim? _turns;

    internal SqliteWriteGate(StorageProvider provider) => _turns = provider == StorageProvider.Sqlite ? new(1, 1) : null;

    /// <summary>Waits for the turn to write; dispose what is returned to let the next one in.</summary>
    /// <exception cref="TimeoutException">Another writer of this process has held its turn for half a minute.</exception>
    internal async ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        if (_turns is null)
        {
            return new(null);
        }

        if (!await _turns.WaitAsync(Patience, cancellationToken))
        {
            throw new TimeoutException("The database's one writer did not finish in time.");
        }

        return new(_turns);
    }

    public void Dispose() => _turns?.Dispose();

    /// <summary>The right to write, until disposed; disposing it twice is harmless.</summary>
    internal sealed class Turn(SemaphoreSlim? turns) : IDisposable
    {
        private SemaphoreSlim? _turns = turns;

        public void Dispose() => Interlocked.Exchange(ref _turns, null)?.Release();
    }
}

using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IdentityServer.Storage.Connections;

/// <summary>
/// SQLite has one writer at a time. Writers of this process queue here without holding a thread, instead of spinning on the file's
/// lock; other processes are waited for by SQLite itself. Units of work and single statements go over one connection, kept here: SQLite
/// throws a connection's pages away whenever another one has committed, so that two that write by turns would read them again and again.
/// On PostgreSQL the gate stands open and holds nothing.
/// </summary>
public sealed class SqliteWriteGate : IDisposable
{
    // Longer than any transaction may take: whoever waits this long has found a writer that never finishes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim? _turns;
    private readonly Func<DbConnection>? _open;
    private DbConnection? _connection;

    internal SqliteWriteGate(StorageSettings settings)
    {
        if (settings.Provider == StorageProvider.Sqlite)
        {
            _turns = new(1, 1);
            _open = () => KeptSqliteConnection.Open(settings);
        }
    }

    /// <summary>Waits for the turn to write; dispose what is returned to let the next one in.</summary>
    /// <returns>Null on PostgreSQL.</returns>
    /// <exception cref="TimeoutException">Another writer of this process has held its turn for half a minute.</exception>
    internal async ValueTask<Turn?> EnterAsync(CancellationToken cancellationToken)
    {
        if (_turns is null)
        {
            return null;
        }

        if (!await _turns.WaitAsync(Patience, cancellationToken))
        {
            throw new TimeoutException("The database's one writer did not finish in time.");
        }

        return new(this);
    }

    /// <summary>Takes the turn if nobody has it: a reader finds the last commit's pages here.</summary>
    /// <returns>Null when somebody writes, and on PostgreSQL.</returns>
    internal Turn? TryEnter() => _turns?.Wait(0) == true ? new(this) : null;

    public void Dispose()
    {
        _connection?.Dispose();
        _turns?.Dispose();
    }

    /// <summary>
    /// The right to write, and the connection for it, until disposed; disposing it twice is harmless. A transaction that was begun and
    /// not committed is rolled back then.
    /// </summary>
    internal sealed class Turn(SqliteWriteGate gate) : IDisposable
    {
        // Not Microsoft.Data.Sqlite's own transactions, nor EF's around them, which cost more than the statements that they hold together.
        private static readonly SqlText BeginImmediate = new("BEGIN IMMEDIATE");
        private static readonly SqlText CommitAll = new("COMMIT");
        private static readonly SqlText UndoAll = new("ROLLBACK");

        private SqliteWriteGate? _gate = gate;
        private bool _open;
        private bool _broken;

        /// <summary>Open; nobody else's while the turn lasts.</summary>
        /// <exception cref="DbException">The file cannot be opened.</exception>
        public DbConnection Connection
        {
            get
            {
                var owner = _gate ?? throw new ObjectDisposedException(nameof(Turn));
                return owner._connection ??= owner._open!();
            }
        }

        /// <summary>Begins a transaction that holds the write lock from the start, so no later statement can fail for a stale snapshot.</summary>
        /// <exception cref="DbException">Another process has held the lock too long.</exception>
        public void Begin()
        {
            Run(BeginImmediate);
            _open = true;
        }

        /// <summary>Makes what was written durable.</summary>
        /// <exception cref="DbException">It could not be; nothing was written.</exception>
        public void Commit()
        {
            Run(CommitAll);
            _open = false;
        }

        /// <summary>
        /// A statement failed. Unless it was cancelled or a constraint refused it, which leaves the connection sound, the next turn opens
        /// another one.
        /// </summary>
        public void Failed(Exception failure) =>
            _broken |= failure is not (OperationCanceledException or SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT });

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gate, null) is not { } owner)
            {
                return;
            }

            try
            {
                End(owner);
            }
            finally
            {
                Release(owner);
            }
        }

        private static void Release(SqliteWriteGate owner)
        {
            try
            {
                owner._turns!.Release();
            }
            catch (ObjectDisposedException)
            {
                // The program ends, and nobody waits any more.
            }
        }

        private void End(SqliteWriteGate owner)
        {
            try
            {
                if (_open && !_broken)
                {
                    PreparedCommands.Of(owner._connection!, UndoAll, parameters: 0).ExecuteNonQuery();
                }
            }
            catch
            {
                // SQLite has undone it by itself, or the file is away. Closing the connection undoes it in any case.
                _broken = true;
            }

            // Nobody inherits a transaction: what the next one writes would share its fate.
            _broken |= owner._connection is SqliteConnection { State: ConnectionState.Open } open && raw.sqlite3_get_autocommit(open.Handle) == 0;

            if (_broken)
            {
                var broken = owner._connection;
                owner._connection = null;
                broken?.Dispose();
            }
        }

        private void Run(SqlText sql)
        {
            try
            {
                PreparedCommands.Of(Connection, sql, parameters: 0).ExecuteNonQuery();
            }
            catch
            {
                _broken = true;
                throw;
            }
        }
    }
}

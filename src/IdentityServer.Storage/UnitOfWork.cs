using IdentityServer.Storage.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IdentityServer.Storage;

/// <summary>
/// The one write transaction of a scope. Whoever writes begins it; whoever answers the request commits it, refusals included, since
/// revocations and charges must outlive the error that they cause. What is not committed is rolled back with the scope.
/// A statement that fails inside voids the whole unit.
/// </summary>
public sealed class UnitOfWork(IdentityServerDbContext db, SqliteWriteGate gate) : IAsyncDisposable, IDisposable
{
    private IDbContextTransaction? _transaction;
    private SqliteWriteGate.Turn? _turn;

    /// <summary>True between begin and commit or rollback.</summary>
    public bool IsOpen => _transaction is not null;

    /// <summary>Rises with each rollback: rows read before it may never have been.</summary>
    internal int Rollbacks { get; private set; }

    /// <summary>Opens the write transaction, or does nothing when it is open.</summary>
    /// <exception cref="TimeoutException">SQLite only: no turn to write within half a minute.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (_transaction is not null)
        {
            return;
        }

        var turn = await gate.EnterAsync(cancellationToken);
        try
        {
            // On SQLite this is BEGIN IMMEDIATE: the write lock is taken here, so no later statement can fail for a stale snapshot.
            _transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            _turn = turn;
            db.StatementFailed = false;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>Makes the writes durable, or does nothing when none is open. Tracked changes are not saved by it.</summary>
    /// <exception cref="InvalidOperationException">A statement failed, even if somebody caught that: everything is rolled back.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_transaction is not { } transaction)
        {
            return;
        }

        if (db.StatementFailed)
        {
            await RollbackAsync(cancellationToken);
            throw new InvalidOperationException("A statement of this unit of work failed, so none of it was committed.");
        }

        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        finally
        {
            // After a commit that failed this rolls back.
            await CloseAsync();
        }
    }

    /// <summary>Undoes the writes, or does nothing when none is open.</summary>
    public async Task RollbackAsync(CancellationToken cancellationToken)
    {
        if (_transaction is not { } transaction)
        {
            return;
        }

        Rollbacks++;
        try
        {
            await transaction.RollbackAsync(cancellationToken);
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>Runs the work in a transaction of its own: committed when it returns, rolled back when it throws.</summary>
    /// <exception cref="InvalidOperationException">One is open already, and its fate would become the work's.</exception>
    public async Task<T> InOwnTransactionAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (IsOpen)
        {
            throw new InvalidOperationException("This work commits on its own and cannot join a unit of work that is open.");
        }

        await BeginAsync(cancellationToken);
        try
        {
            var result = await work();
            await CommitAsync(cancellationToken);
            return result;
        }
        catch
        {
            // Closing rolls back; on a broken connection an explicit rollback would hide what happened.
            Rollbacks++;
            await CloseAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    public void Dispose()
    {
        _transaction?.Dispose();
        _transaction = null;
        _turn?.Dispose();
        _turn = null;
    }

    private async ValueTask CloseAsync()
    {
        var (transaction, turn) = (_transaction, _turn);
        (_transaction, _turn) = (null, null);
        try
        {
            if (transaction is not null)
            {
                await transaction.DisposeAsync();
            }
        }
        finally
        {
            turn?.Dispose();
        }
    }
}

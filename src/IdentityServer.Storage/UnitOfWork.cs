using IdentityServer.Storage.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
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
    private DatabaseFacade? _facade;
    private List<Action>? _afterCommit;

    /// <summary>True between begin and commit or rollback.</summary>
    public bool IsOpen => _turn is not null || _transaction is not null;

    /// <summary>Rises with each rollback: rows read before it may never have been.</summary>
    internal int Rollbacks { get; private set; }

    /// <summary>Opens the write transaction, or does nothing when it is open.</summary>
    /// <exception cref="TimeoutException">SQLite only: no turn to write within half a minute.</exception>
    /// <exception cref="System.Data.Common.DbException">The database is away, or another process holds its write lock too long.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (IsOpen)
        {
            return;
        }

        var facade = db.Database;
        var turn = await gate.EnterAsync(cancellationToken);
        try
        {
            if (turn is null)
            {
                _transaction = await facade.BeginTransactionAsync(cancellationToken);
            }
            else
            {
                // EF is not told: whatever it writes meanwhile goes over this connection, and so into its transaction.
                turn.Begin();
                facade.AutoTransactionBehavior = AutoTransactionBehavior.Never;
                db.Kept!.Borrow(turn.Connection);
            }
        }
        catch
        {
            turn?.Dispose();
            throw;
        }

        (_turn, _facade) = (turn, facade);
        db.StatementFailed = false;
        db.InUnitOfWork = true;
    }

    /// <summary>
    /// Has something done once the writes of the open unit are durable, whoever commits it; never when they are undone. For what may be lost
    /// in a crash, such as waking whoever waits for a row.
    /// </summary>
    /// <exception cref="InvalidOperationException">None is open.</exception>
    public void AfterCommit(Action action)
    {
        if (!IsOpen)
        {
            throw new InvalidOperationException("No unit of work is open.");
        }

        (_afterCommit ??= []).Add(action);
    }

    /// <summary>Makes the writes durable, or does nothing when none is open. Tracked changes are not saved by it.</summary>
    /// <exception cref="InvalidOperationException">A statement failed, even if somebody caught that: everything is rolled back.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (!IsOpen)
        {
            return;
        }

        if (db.StatementFailed)
        {
            await RollbackAsync(cancellationToken);
            throw new InvalidOperationException("A statement of this unit of work failed, so none of it was committed.");
        }

        var afterwards = _afterCommit;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _turn?.Commit();
            await (_transaction?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
        }
        catch
        {
            Rollbacks++;
            throw;
        }
        finally
        {
            // After a commit that failed this rolls back.
            await CloseAsync();
        }

        afterwards?.ForEach(action => action());
    }

    /// <summary>Undoes the writes, or does nothing when none is open.</summary>
    public async Task RollbackAsync(CancellationToken cancellationToken)
    {
        if (!IsOpen)
        {
            return;
        }

        Rollbacks++;
        try
        {
            // A turn that ends uncommitted is rolled back.
            await (_transaction?.RollbackAsync(cancellationToken) ?? Task.CompletedTask);
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
        var transaction = Forget(out var turn);
        try
        {
            transaction?.Dispose();
        }
        finally
        {
            turn?.Dispose();
        }
    }

    private async ValueTask CloseAsync()
    {
        var transaction = Forget(out var turn);
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

    private IDbContextTransaction? Forget(out SqliteWriteGate.Turn? turn)
    {
        turn = _turn;
        var transaction = _transaction;
        if (turn is not null)
        {
            db.Kept!.GiveBack();
            _facade!.AutoTransactionBehavior = AutoTransactionBehavior.WhenNeeded;
        }

        if (IsOpen)
        {
            db.InUnitOfWork = false;
        }

        (_transaction, _turn, _facade, _afterCommit) = (null, null, null, null);
        return transaction;
    }
}

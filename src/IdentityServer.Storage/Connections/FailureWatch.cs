using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace IdentityServer.Storage.Connections;

/// <summary>
/// Notes on the context that a statement failed, so that its unit of work is never said to be committed: PostgreSQL answers the commit
/// of a failed transaction with a rollback and no error, and SQLite would commit the half that worked.
/// </summary>
internal sealed class FailureWatch : DbCommandInterceptor, ISaveChangesInterceptor
{
    public static FailureWatch Instance { get; } = new();

    public override InterceptionResult<DbCommand> CommandCreating(CommandCorrelatedEventData eventData, InterceptionResult<DbCommand> result)
    {
        (eventData.Context as IdentityServerDbContext)?.RefuseAfterFailure();
        return result;
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Note(eventData.Context);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default) =>
        Noted(eventData.Context);

    public override void CommandCanceled(DbCommand command, CommandEndEventData eventData) => Note(eventData.Context);

    public override Task CommandCanceledAsync(DbCommand command, CommandEndEventData eventData, CancellationToken cancellationToken = default) =>
        Noted(eventData.Context);

    // A save that found a row changed is not told of as one that failed.
    public InterceptionResult ThrowingConcurrencyException(ConcurrencyExceptionEventData eventData, InterceptionResult result)
    {
        Note(eventData.Context);
        return result;
    }

    public ValueTask<InterceptionResult> ThrowingConcurrencyExceptionAsync(
        ConcurrencyExceptionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        Note(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public void SaveChangesFailed(DbContextErrorEventData eventData) => Note(eventData.Context);

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default) =>
        Noted(eventData.Context);

    public void SaveChangesCanceled(DbContextEventData eventData) => Note(eventData.Context);

    public Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default) =>
        Noted(eventData.Context);

    private static Task Noted(DbContext? context)
    {
        Note(context);
        return Task.CompletedTask;
    }

    private static void Note(DbContext? context)
    {
        if (context is IdentityServerDbContext ours)
        {
            ours.StatementFailed = true;
        }
    }
}

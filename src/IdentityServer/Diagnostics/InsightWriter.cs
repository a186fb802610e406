using IdentityServer.Storage.Operations;

namespace IdentityServer.Diagnostics;

/// <summary>
/// Writes what <see cref="ClientInsight"/> gathered: counts and uses every half minute, a failure at once, though never more than once a
/// second, and the rest when the program ends. While the database is away all is kept, and tried again.
/// </summary>
internal sealed partial class InsightWriter(
    ClientInsight insight, IServiceScopeFactory scopes, TimeProvider clock, ILogger<InsightWriter> logger) : BackgroundService
{
    /// <summary>How old a count may grow before it is written.</summary>
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _failing;

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <summary>Writes all that this node has gathered so far; whoever reads afterwards sees it.</summary>
    /// <exception cref="System.Data.Common.DbException">The database is away; nothing is lost.</exception>
    internal async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var batch = insight.TakeAll();
            if (batch.IsEmpty)
            {
                return;
            }

            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<InsightOperations>().WriteAsync(batch, cancellationToken);
            }
            catch
            {
                insight.PutBack(batch);
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(stoppingToken);
                await FlushAsync(stoppingToken);
                _failing = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                TellOnce(failure);
            }

            await Task.Delay(Spacing, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await SayFarewellAsync();
    }

    // After a flush that failed the failures still wait, and their signal is down: the next try comes with the counts.
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(insight.FailureWaits, Task.Delay(Every, clock, wake.Token));
        await wake.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task SayFarewellAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Farewell, clock);
            await FlushAsync(limit.Token);
        }
        catch (Exception failure)
        {
            TellOnce(failure);
        }
    }

    private void TellOnce(Exception failure)
    {
        if (!_failing)
        {
            _failing = true;
            LogFailed(logger, failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What clients did could not be written; it is kept and tried again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

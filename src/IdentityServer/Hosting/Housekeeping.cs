using System.Security.Cryptography;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Hosting;

/// <summary>Deletes expired rows now and then, in small commits. Nodes that start together drift apart, so that they seldom do it at once.</summary>
internal sealed partial class Housekeeping(IServiceScopeFactory scopes, TimeProvider time, ILogger<Housekeeping> logger) : BackgroundService
{
    /// <summary>Rows of a kind in one commit.</summary>
    internal const int Batch = 500;

    /// <summary>The least time between two rounds.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>The most that is added to it.</summary>
    internal static readonly TimeSpan Jitter = TimeSpan.FromMinutes(5);

    // Between two batches others get their turn to write.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause + TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32((int)Jitter.TotalSeconds)), time, stoppingToken);
            try
            {
                await CleanAsync(stoppingToken);
            }
            catch (Exception thrown) when (thrown is not OperationCanceledException)
            {
                LogFailed(logger, thrown);
            }
        }
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        for (var total = 0; ;)
        {
            await using var scope = scopes.CreateAsyncScope();
            var deleted = await scope.ServiceProvider.GetRequiredService<ExpiredRows>().DeleteAsync(time.GetUtcNow(), Batch, cancellationToken);
            total += deleted;
            if (deleted == 0)
            {
                LogDeleted(logger, total);
                return;
            }

            await Task.Delay(Breath, time, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Deleted {Count} expired rows.")]
    private static partial void LogDeleted(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired rows could not be deleted; the next round tries again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>
/// Looks at the ring from time to time: keys become due, activate and retire by the clock, other nodes make them too, and operators revoke
/// them. It is one small query.
/// </summary>
internal sealed partial class SigningKeyWatch(SigningKeyRing ring, ServerOptionsRefresh refresh, TimeProvider time, ILogger<SigningKeyWatch> logger)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>
    /// The time between two looks: how soon a node knows of a revoked key. Far less than what a new key waits for before it signs
    /// (<see cref="Domain.SigningKeys.KeySchedule.Spread"/>), so that several looks may fail.
    /// </summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    // Now the addresses are bound, and with them the issuer is known.
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        refresh.Trigger();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await ring.LookAsync(TimeSpan.Zero, stoppingToken))
                {
                    LogChanged(logger, ring.Current.Signers.Count, ring.Current.Others.Count);
                }
            }
            catch (Exception thrown) when (thrown is not OperationCanceledException)
            {
                LogFailed(logger, thrown);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The signing keys changed: {Signing} sign, {Published} more are published.")]
    private static partial void LogChanged(ILogger logger, int signing, int published);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The signing keys could not be looked at; the known ones stay in use.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

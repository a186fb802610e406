using IdentityServer.Secrets;
using IdentityServer.Storage;
using IdentityServer.Users.Hashing;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Users;

/// <summary>Tells <see cref="DecoyHashes"/> what hashes accounts have: before the first request, then now and then.</summary>
internal sealed partial class HashSurvey(
    DecoyHashes decoys, InstallationSecrets secrets, IServiceScopeFactory scopes, TimeProvider time, ILogger<HashSurvey> logger)
    : BackgroundService
{
    /// <summary>
    /// How many accounts are asked. Identifiers are random, so the first of them are a fair sample, and the same one at every node; with a
    /// million accounts it takes some ten milliseconds.
    /// </summary>
    internal const int Sample = 10_000;

    /// <summary>The most time between two counts.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private const string KeyPurpose = "decoy";

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CountAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken);
            try
            {
                await CountAsync(stoppingToken);
            }
            catch (Exception thrown) when (thrown is not OperationCanceledException)
            {
                LogFailed(logger, thrown);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(Task.Delay(Pause, time, enough.Token), decoys.Surprise);
        await enough.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        var key = await secrets.CurrentAsync(KeyPurpose, cancellationToken);
        await using var scope = scopes.CreateAsyncScope();
        var stored = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().Users.AsNoTracking()
            .OrderBy(user => user.Id).Take(Sample).Select(user => user.PasswordHash).AsAsyncEnumerable();
        var hashes = new List<StoredHash>();
        await foreach (var text in stored.WithCancellation(cancellationToken))
        {
            if (text is not null && StoredHash.TryParse(text, out var hash, out _))
            {
                hashes.Add(hash);
            }
        }

        decoys.Learn(key.Bytes, hashes);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What password hashes accounts have could not be counted; the next round tries again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

using System.Security.Cryptography;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Credentials;

/// <summary>
/// Retires those secrets whose owners let them go by themselves, once it is safe: on the same evidence that the owners are shown, judged
/// again with the client's row held.
/// </summary>
internal sealed partial class SecretRetirement(IServiceScopeFactory scopes, TimeProvider clock, ILogger<SecretRetirement> logger) : BackgroundService
{
    /// <summary>The least time between two rounds.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMinutes(30);

    // Nodes that start together drift apart.
    private const int JitterSeconds = 300;

    /// <summary>One round over all clients that have such a secret.</summary>
    /// <returns>How many went.</returns>
    internal async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var waiting = await db.ClientSecrets.AsNoTracking().Where(secret => secret.RetiresItself && secret.RetiredAt == null)
            .Join(db.Clients, secret => secret.ClientRowId, client => client.Id, (secret, client) => new { secret.Id, client.ClientId })
            .ToListAsync(cancellationToken);
        var gone = 0;
        foreach (var secret in waiting)
        {
            await using var own = scopes.CreateAsyncScope();
            if (await own.ServiceProvider.GetRequiredService<ClientCache>().FindSettingsAsync(secret.ClientId!, cancellationToken) is { } client
                && await own.ServiceProvider.GetRequiredService<ClientSecretDesk>().RetireAsync(client, secret.Id, evenIfUnsafe: false, cancellationToken)
                    is SecretRetired.Done)
            {
                gone++;
            }
        }

        return gone;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause + TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32(JitterSeconds)), clock, stoppingToken);
            try
            {
                LogRetired(logger, await RunOnceAsync(stoppingToken));
            }
            catch (Exception thrown) when (thrown is not OperationCanceledException)
            {
                LogFailed(logger, thrown);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Retired {Count} client secrets that another one has replaced.")]
    private static partial void LogRetired(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Client secrets could not be looked through; the next round tries again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

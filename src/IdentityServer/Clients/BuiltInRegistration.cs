using IdentityServer.Settings;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Clients;

/// <summary>
/// Keeps what every installation has registered as this version describes it, at each start; the resource once the issuer is known, which
/// in Development may be when the server listens. Of several nodes that start at once one writes, and the others find it done.
/// </summary>
internal sealed class BuiltInRegistration(
    Installation installation, InstallationLock turns, IServiceScopeFactory scopes, ILogger<BuiltInRegistration> logger) : IHostedLifecycleService
{
    private Uri? _keptFor;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => KeepAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => KeepAsync(cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        if (installation.KnownIssuer is not { } issuer || issuer == _keptFor)
        {
            return;
        }

        // Without a turn at first: mostly nothing is to be done, and nobody should wait for that.
        if (!await WithAsync(issuer, (kept, token) => kept.IsKeptAsync(issuer, token), cancellationToken))
        {
            await turns.RunAsync(token => WithAsync(issuer, (kept, inner) => kept.KeepAsync(issuer, inner), token), cancellationToken);
        }

        _keptFor = issuer;
    }

    private async Task<bool> WithAsync(Uri issuer, Func<Kept, CancellationToken, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var kept = new Kept(services.GetRequiredService<ClientRegistry>(), services.GetRequiredService<ResourceRegistry>());
        var done = await work(kept, cancellationToken);
        if (kept.Problem is { } problem)
        {
            logger.BuiltInResourceRefused(BuiltIns.ApiOf(issuer), problem);
        }

        return done;
    }

    private sealed class Kept(ClientRegistry clients, ResourceRegistry resources)
    {
        public string? Problem { get; private set; }

        public async Task<bool> IsKeptAsync(Uri issuer, CancellationToken cancellationToken) =>
            await clients.CompareAsync(BuiltIns.CommandLine, cancellationToken) is { Count: 0 }
            && (await resources.ListAsync(cancellationToken)).Any(resource => resource.ToJson() == BuiltIns.Api(issuer).ToJson());

        public async Task<bool> KeepAsync(Uri issuer, CancellationToken cancellationToken)
        {
            await clients.KeepBuiltInAsync(BuiltIns.CommandLine, cancellationToken);
            if (await resources.KeepApiAsync(issuer, cancellationToken) is ResourceOutcome.Refused refused)
            {
                Problem = refused.Problems[0].ToString();
            }

            return true;
        }
    }
}

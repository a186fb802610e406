using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Clients;

/// <summary>
/// Keeps the clients of <c>Demo:Clients</c> registered as the configuration describes them, at each start: those that speak of
/// <c>{origin}</c> once the server listens, since only then is it known where people are to be sent back to. Exists in Development only.
/// </summary>
internal sealed class DemoClients : IHostedLifecycleService
{
    private readonly IReadOnlyList<DemoClientTemplate> _templates;
    private readonly Installation _installation;
    private readonly InstallationLock _turns;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger<DemoClients> _logger;

    /// <exception cref="InvalidOperationException">The environment is not Development.</exception>
    public DemoClients(
        IReadOnlyList<DemoClientTemplate> templates,
        Installation installation,
        InstallationLock turns,
        IServiceScopeFactory scopes,
        ILogger<DemoClients> logger)
    {
        if (!installation.IsDevelopment)
        {
            throw new InvalidOperationException("Demo clients have published secrets and exist in Development only.");
        }

        (_templates, _installation, _turns, _scopes, _logger) = (templates, installation, turns, scopes, logger);
    }

    /// <summary>Registers what is missing and changes what differs. Of several nodes one does, and the others find it done.</summary>
    /// <param name="origin">What <c>{origin}</c> stands for; when null, clients that speak of it are left out.</param>
    /// <param name="cancellationToken">Stops between two clients.</param>
    public Task SeedAsync(Uri? origin, CancellationToken cancellationToken) =>
        _turns.RunAsync(token => SeedInTurnAsync(origin, token), cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before the first request can come; the database is ready by now, the address mostly is not.
    public Task StartAsync(CancellationToken cancellationToken) => SeedAsync(_installation.KnownIssuer, cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => SeedAsync(_installation.KnownIssuer, cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> SeedInTurnAsync(Uri? origin, CancellationToken cancellationToken)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var registry = scope.ServiceProvider.GetRequiredService<ClientRegistry>();
        foreach (var template in _templates.Where(template => origin is not null || !template.NeedsOrigin))
        {
            if (template.For(origin) is ClientMetadataVerdict.Accepted accepted)
            {
                await SeedAsync(registry, accepted.Metadata, cancellationToken);
            }
            else if (template.For(origin) is ClientMetadataVerdict.Refused refused)
            {
                _logger.DemoClientRefused(refused.Problems[0].ToString());
            }
        }

        return true;
    }

    private async Task SeedAsync(ClientRegistry registry, ClientMetadata client, CancellationToken cancellationToken)
    {
        var update = await registry.UpdateAsync(client, cancellationToken);
        if (update is UpdateOutcome.Unknown)
        {
            await registry.RegisterAsync(client, cancellationToken);
        }

        if (update is not UpdateOutcome.Unchanged)
        {
            _logger.DemoClientRegistered(client.ClientId!);
        }
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Domain.Resources;
using IdentityServer.Settings;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Clients;

/// <summary>Keeps the resources of <c>Demo:Resources</c> registered as the configuration describes them, at each start. Exists in Development only.</summary>
internal sealed class DemoResources : IHostedService
{
    private readonly IReadOnlyList<ResourceMetadata> _resources;
    private readonly InstallationLock _turns;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger<DemoResources> _logger;

    /// <exception cref="InvalidOperationException">The environment is not Development.</exception>
    public DemoResources(
        IReadOnlyList<ResourceMetadata> resources,
        Installation installation,
        InstallationLock turns,
        IServiceScopeFactory scopes,
        ILogger<DemoResources> logger)
    {
        if (!installation.IsDevelopment)
        {
            throw new InvalidOperationException("Demo resources exist in Development only.");
        }

        (_resources, _turns, _scopes, _logger) = (resources, turns, scopes, logger);
    }

    /// <summary>Reads and judges the section, which only Development may have.</summary>
    public static IReadOnlyList<ResourceMetadata> Read(IConfigurationSection section, SettingsReport report)
    {
        var resources = new List<ResourceMetadata>();
        foreach (var child in section.GetChildren())
        {
            switch (ResourceMetadata.Parse(JsonSerializer.SerializeToElement(ToJson(child))))
            {
                case ResourceMetadataVerdict.Accepted accepted:
                    resources.Add(accepted.Metadata);
                    break;
                case ResourceMetadataVerdict.Refused refused:
                    foreach (var problem in refused.Problems)
                    {
                        var field = problem.Field.Replace("[", ":", StringComparison.Ordinal).Replace("].", ":", StringComparison.Ordinal)
                            .Replace("]", "", StringComparison.Ordinal);
                        report.Add(new ConfigurationProblem($"{child.Path}:{field}", $"{problem.Rule}.", problem.Mend));
                    }

                    break;
            }
        }

        return resources;
    }

    // Of several nodes that start at once one writes, and the others find it done.
    public Task StartAsync(CancellationToken cancellationToken) => _turns.RunAsync(KeepAsync, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> KeepAsync(CancellationToken cancellationToken)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var registry = scope.ServiceProvider.GetRequiredService<ResourceRegistry>();
        foreach (var resource in _resources)
        {
            switch (await registry.SaveAsync(resource, cancellationToken))
            {
                case ResourceOutcome.Refused refused:
                    _logger.DemoResourceRefused(refused.Problems[0].ToString());
                    break;
                case ResourceOutcome.Registered or ResourceOutcome.Changed:
                    _logger.DemoResourceRegistered(resource.Resource);
                    break;
            }
        }

        return true;
    }

    // Configuration knows only strings: lists have numbered keys, and a whole number is one.
    private static JsonNode? ToJson(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            return section.Key is "access_token_lifetime" && int.TryParse(section.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
                ? JsonValue.Create(number)
                : JsonValue.Create(section.Value);
        }

        return children.TrueForAll(child => int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? new JsonArray([.. children.Select(ToJson)])
            : new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, ToJson(child))));
    }
}

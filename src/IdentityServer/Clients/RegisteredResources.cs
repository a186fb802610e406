using System.Text.Json;
using IdentityServer.Domain.Resources;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Clients;

/// <summary>Resources as their rows tell of them.</summary>
internal static class RegisteredResources
{
    /// <summary>The resources that a scope's row names.</summary>
    public static IReadOnlyList<string> Of(Scope scope) =>
        string.IsNullOrEmpty(scope.Resources) ? [] : JsonSerializer.Deserialize<string[]>(scope.Resources)!;

    /// <summary>The one resource that a scope belongs to; null for a row that was not written by <see cref="ResourceRegistry"/>.</summary>
    public static string? OwnerOf(Scope scope) => Of(scope) is [var owner] ? owner : null;

    /// <summary>What a scope's row holds for its one resource.</summary>
    public static string ToColumn(string resource) => JsonSerializer.Serialize(new[] { resource });

    /// <summary>Each resource with its scopes.</summary>
    public static IEnumerable<ResourceMetadata> Join(IEnumerable<Resource> resources, IReadOnlyCollection<Scope> scopes)
    {
        var owned = scopes.ToLookup(OwnerOf, StringComparer.Ordinal);
        return resources.Select(resource => new ResourceMetadata
        {
            Resource = resource.Id,
            Name = resource.Name,
            AccessTokenLifetime = resource.AccessTokenLifetime,
            AccessTokenSigningAlg = resource.AccessTokenSigningAlg,
            Scopes = [.. owned[resource.Id].OrderBy(scope => scope.Name, StringComparer.Ordinal).Select(scope => new ResourceScope(scope.Name!, scope.Description ?? ""))],
        });
    }
}

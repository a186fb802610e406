using System.Collections.Frozen;

namespace IdentityServer.Domain.Resources;

/// <summary>The resources that are registered at one moment.</summary>
public sealed class ResourceDirectory
{
    private readonly FrozenDictionary<string, ResourceMetadata> _byResource;
    private readonly FrozenDictionary<string, ResourceMetadata> _byScope;

    /// <param name="resources">All of them; no two have the same URI or share a scope.</param>
    public ResourceDirectory(IEnumerable<ResourceMetadata> resources)
    {
        _byResource = resources.ToFrozenDictionary(resource => resource.Resource, StringComparer.Ordinal);
        _byScope = _byResource.Values.SelectMany(resource => resource.Scopes, (resource, scope) => (scope.Name, resource))
            .ToFrozenDictionary(pair => pair.Name, pair => pair.resource, StringComparer.Ordinal);
    }

    /// <summary>The resource of a URI, compared character by character; null when none is registered so.</summary>
    public ResourceMetadata? Find(string resource) => _byResource.GetValueOrDefault(resource);

    /// <summary>The one resource that a scope belongs to; null for standard and unknown scopes.</summary>
    public ResourceMetadata? OfScope(string scope) => _byScope.GetValueOrDefault(scope);
}

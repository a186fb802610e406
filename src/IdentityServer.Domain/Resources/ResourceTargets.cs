using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Resources;

/// <summary>What an access token is made for.</summary>
/// <param name="Audiences">Its <c>aud</c>, at least one.</param>
/// <param name="Scopes">Its <c>scope</c>: what of the grant means something to the audience.</param>
/// <param name="Lifetime">How long it lives at most; null for the server's own.</param>
/// <param name="Algorithm">What signs it; null for the server's own choice.</param>
public sealed record AccessTarget(IReadOnlyList<string> Audiences, IReadOnlyList<string> Scopes, TimeSpan? Lifetime, string? Algorithm);

/// <summary>What the rules say about the resources of a request.</summary>
public abstract record TargetVerdict
{
    private TargetVerdict()
    {
    }

    /// <summary>The grant covers these resources; the server itself is not among them.</summary>
    public sealed record Granted(IReadOnlyList<string> Resources) : TargetVerdict;

    /// <summary>An access token may be made for this.</summary>
    public sealed record Narrowed(AccessTarget Target) : TargetVerdict;

    /// <summary><c>invalid_target</c> (RFC 8707 §2).</summary>
    /// <param name="Reason">A sentence for the client's developer.</param>
    public sealed record InvalidTarget(string Reason) : TargetVerdict;

    /// <summary><c>invalid_scope</c> (RFC 6749 §4.1.2.1).</summary>
    /// <param name="Reason">A sentence for the client's developer.</param>
    public sealed record InvalidScope(string Reason) : TargetVerdict;
}

/// <summary>
/// Whom a grant and an access token of it are for (RFC 8707, RFC 9068 §3). A resource is covered only through a scope of it that was asked
/// for and allowed, so an audience never says more than what a person agreed to.
/// </summary>
public static class ResourceTargets
{
    private static readonly TargetVerdict.InvalidTarget Unknown =
        new("A resource that is asked for is not registered here. Name it exactly as it is registered, without a fragment.");

    /// <summary>What a request for a grant covers.</summary>
    /// <param name="directory">What is registered.</param>
    /// <param name="issuer">The server itself, whose resource is userinfo.</param>
    /// <param name="scopes">What is asked for; the client may ask for all of it.</param>
    /// <param name="named">The <c>resource</c> parameters.</param>
    public static TargetVerdict Grant(ResourceDirectory directory, string issuer, IReadOnlyCollection<string> scopes, IReadOnlyCollection<string> named)
    {
        var ofScopes = ResourcesOf(directory, scopes);
        if (named.Count == 0)
        {
            // RFC 9068 §3: which of them a token without a named resource would be for, nobody could tell.
            return ofScopes.Count > 1
                ? new TargetVerdict.InvalidScope("The scopes belong to several resources. Name those with the resource parameter (RFC 8707).")
                : new TargetVerdict.Granted(ofScopes);
        }

        var apis = named.Where(resource => resource != issuer).Distinct(StringComparer.Ordinal).ToList();
        if (apis.Exists(resource => directory.Find(resource) is null) || (apis.Count < named.Distinct(StringComparer.Ordinal).Count() && !scopes.Contains(StandardScopes.OpenId)))
        {
            return Unknown;
        }

        if (apis.Except(ofScopes).Any())
        {
            return new TargetVerdict.InvalidTarget("A resource is named of which no scope is asked for. Ask for what the client needs there.");
        }

        return ofScopes.Except(apis).Any()
            ? new TargetVerdict.InvalidScope("A scope belongs to a resource that is not named.")
            : new TargetVerdict.Granted(apis);
    }

    /// <summary>What an access token of a grant is for: no more than the grant, and what the request named of it (RFC 8707 §2.2).</summary>
    /// <param name="directory">What is registered now.</param>
    /// <param name="issuer">The server itself, whose resource is userinfo.</param>
    /// <param name="grantedScopes">The grant's scopes.</param>
    /// <param name="grantedResources">The grant's resources.</param>
    /// <param name="named">The <c>resource</c> parameters of the token request.</param>
    /// <param name="askedScopes">The <c>scope</c> of the token request; empty for all that was granted.</param>
    public static TargetVerdict Narrow(
        ResourceDirectory directory,
        string issuer,
        IReadOnlyCollection<string> grantedScopes,
        IReadOnlyCollection<string> grantedResources,
        IReadOnlyCollection<string> named,
        IReadOnlyCollection<string> askedScopes)
    {
        var scopes = askedScopes.Count == 0 ? grantedScopes : [.. grantedScopes.Intersect(askedScopes)];
        List<string> audiences;
        if (named.Count > 0)
        {
            audiences = [.. named.Distinct(StringComparer.Ordinal)];
            if (audiences.Exists(resource => resource == issuer
                ? !scopes.Contains(StandardScopes.OpenId)
                : !grantedResources.Contains(resource) || directory.Find(resource) is null))
            {
                return new TargetVerdict.InvalidTarget("A resource that is asked for is not part of what was granted.");
            }
        }
        else
        {
            audiences = [.. ResourcesOf(directory, scopes).Intersect(grantedResources)];
            if (audiences.Count > 1)
            {
                // A token for several resources lets each of them pass for the client at the others (RFC 8707 §3).
                return new TargetVerdict.InvalidTarget("The grant covers several resources. Name the one that this token is for.");
            }

            if (audiences.Count == 0 && grantedResources.Count > 0 && !scopes.Any(StandardScopes.All.Contains))
            {
                return new TargetVerdict.InvalidTarget("What was granted is not registered any more.");
            }

            // Who names nothing is an ordinary OpenID Connect client: its one token works at userinfo too.
            if (audiences.Count == 0 || scopes.Contains(StandardScopes.OpenId))
            {
                audiences.Add(issuer);
            }
        }

        return Make(directory, issuer, audiences, scopes);
    }

    private static TargetVerdict Make(ResourceDirectory directory, string issuer, List<string> audiences, IReadOnlyCollection<string> scopes)
    {
        var apis = audiences.Where(resource => resource != issuer).Select(resource => directory.Find(resource)!).ToList();
        var algorithms = apis.Select(api => api.AccessTokenSigningAlg).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (algorithms.Count > 1)
        {
            return new TargetVerdict.InvalidTarget("The resources want tokens that are signed differently. Ask for one token each.");
        }

        var meant = scopes.Where(scope => StandardScopes.All.Contains(scope)
            ? audiences.Contains(issuer)
            : directory.OfScope(scope) is { } owner && audiences.Contains(owner.Resource));
        var lifetime = apis.Min(api => api.AccessTokenLifetime);
        return new TargetVerdict.Narrowed(new(
            audiences, [.. meant], lifetime is { } seconds ? TimeSpan.FromSeconds(seconds) : null, algorithms.FirstOrDefault()));
    }

    private static List<string> ResourcesOf(ResourceDirectory directory, IEnumerable<string> scopes) =>
        [.. scopes.Select(directory.OfScope).OfType<ResourceMetadata>().Select(resource => resource.Resource).Distinct(StringComparer.Ordinal)];
}

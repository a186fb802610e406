using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Resources;

/// <summary>Something that a client may be allowed to do at a resource.</summary>
/// <param name="Name">What clients ask for (RFC 6749 §3.3). No other resource has it.</param>
/// <param name="Description">What it lets a client do, in the words that a person reads before they allow it.</param>
public sealed record ResourceScope(string Name, string Description);

/// <summary>A protected resource, mostly an API: what access tokens may be made for. One set of rules serves every way in.</summary>
public sealed record ResourceMetadata
{
    /// <summary>The longest that access tokens of any resource live. A resource may only shorten it.</summary>
    public static readonly TimeSpan LongestAccess = TimeSpan.FromMinutes(15);

    /// <summary><c>resource</c>: the URI that clients name and tokens carry, see <see cref="ResourceIndicator"/>.</summary>
    public string Resource { get; init; } = "";

    /// <summary><c>name</c>: what people are shown.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>scopes</c>, by name.</summary>
    public IReadOnlyList<ResourceScope> Scopes { get; init; } = [];

    /// <summary><c>access_token_lifetime</c>, in seconds; null for <see cref="LongestAccess"/>.</summary>
    public int? AccessTokenLifetime { get; init; }

    /// <summary><c>access_token_signing_alg</c>, one of <see cref="IdTokenAlgorithms"/>; null for the server's own choice.</summary>
    public string? AccessTokenSigningAlg { get; init; }

    /// <summary>Every member that a resource may have.</summary>
    public static IReadOnlyCollection<string> Members => ResourceMetadataJson.Members;

    /// <summary>Reads a resource that somebody wrote, and judges it. Members that mean nothing here are refused by name.</summary>
    /// <returns>All problems at once, or the resource.</returns>
    public static ResourceMetadataVerdict Parse(JsonElement json)
    {
        var problems = new List<MetadataProblem>();
        var metadata = ResourceMetadataJson.Read(json, problems);

        // What could not be read has been told already; rules about its absence would only confuse.
        var unread = problems.Select(problem => problem.Field).ToList();
        problems.AddRange(ResourceMetadataRules.Broken(metadata)
            .Where(problem => !unread.Exists(field => IsSameOrWithin(field, problem.Field) || IsSameOrWithin(problem.Field, field))));
        return problems.Count == 0 ? new ResourceMetadataVerdict.Accepted(metadata) : new ResourceMetadataVerdict.Refused(problems);
    }

    private static bool IsSameOrWithin(string field, string whole) => field.StartsWith(whole, StringComparison.Ordinal)
        && (field.Length == whole.Length || field[whole.Length] is '.' or '[');

    /// <summary>The resource as one line of JSON that <see cref="Parse"/> reads. The same resource has always the same.</summary>
    public string ToJson() => ResourceMetadataJson.Write(this);
}

/// <summary>What the rules say about a resource.</summary>
public abstract record ResourceMetadataVerdict
{
    private ResourceMetadataVerdict()
    {
    }

    /// <summary>Every rule is kept.</summary>
    /// <param name="Metadata">The resource.</param>
    public sealed record Accepted(ResourceMetadata Metadata) : ResourceMetadataVerdict;

    /// <summary>Something is wrong.</summary>
    /// <param name="Problems">All of it, at least one.</param>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : ResourceMetadataVerdict;
}

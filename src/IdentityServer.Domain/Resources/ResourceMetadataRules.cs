using System.Globalization;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Resources;

/// <summary>What a resource may register, and why not where it may not.</summary>
internal static class ResourceMetadataRules
{
    private const int MaxScopes = 50;
    private const int LongestName = 100;
    private const int LongestDescription = 200;
    private const int ShortestLifetime = 30;

    public static List<MetadataProblem> Broken(ResourceMetadata metadata)
    {
        var problems = new List<MetadataProblem>();
        if (ResourceIndicator.FaultOf(metadata.Resource) is { } fault)
        {
            problems.Add(new("resource", fault.Rule, fault.Mend));
        }

        MetadataChecks.Text("name", metadata.Name, LongestName, problems);
        CheckScopes(metadata.Scopes, problems);
        var longest = (int)ResourceMetadata.LongestAccess.TotalSeconds;
        if (metadata.AccessTokenLifetime is < ShortestLifetime || metadata.AccessTokenLifetime > longest)
        {
            problems.Add(new(
                "access_token_lifetime",
                string.Create(CultureInfo.InvariantCulture, $"is not {ShortestLifetime} to {longest} seconds"),
                "A resource may only shorten what the server gives; leave it out for the server's own."));
        }

        if (metadata.AccessTokenSigningAlg is { } algorithm && !IdTokenAlgorithms.All.Contains(algorithm, StringComparer.Ordinal))
        {
            problems.Add(new(
                "access_token_signing_alg", $"is \"{MetadataChecks.Shown(algorithm)}\", which is not offered", $"Use {string.Join(", ", IdTokenAlgorithms.All)}."));
        }

        return problems;
    }

    private static void CheckScopes(IReadOnlyList<ResourceScope> scopes, List<MetadataProblem> problems)
    {
        if (scopes.Count is 0 or > MaxScopes)
        {
            problems.Add(new("scopes", $"does not have 1 to {MaxScopes} entries", "Name what clients may ask for there; without a scope nobody gets a token for it."));
        }

        for (var i = 0; i < scopes.Count; i++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"scopes[{i}]");
            var name = scopes[i].Name;
            if (!MetadataChecks.IsScopeName(name))
            {
                problems.Add(new($"{field}.name", "is not 1 to 100 visible ASCII characters without quote and backslash", "Write it as notes.read."));
            }
            else if (StandardScopes.All.Contains(name, StringComparer.Ordinal))
            {
                problems.Add(new($"{field}.name", $"is {name}, which OpenID Connect defines", "Take a name of your own, such as notes.read."));
            }
            else if (scopes.Take(i).Any(earlier => earlier.Name == name))
            {
                problems.Add(new($"{field}.name", "appears twice", "Keep one of them."));
            }

            MetadataChecks.Text($"{field}.description", scopes[i].Description, LongestDescription, problems);
        }
    }
}

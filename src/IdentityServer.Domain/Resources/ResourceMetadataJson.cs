using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Resources;

/// <summary>Resources as JSON, by hand: every unknown, doubled or mistyped member is told by name.</summary>
internal static class ResourceMetadataJson
{
    private static readonly string[] Known = ["resource", "name", "scopes", "access_token_lifetime", "access_token_signing_alg"];

    private static readonly string[] KnownOfScope = ["name", "description"];

    public static IReadOnlyCollection<string> Members => Known;

    public static ResourceMetadata Read(JsonElement json, List<MetadataProblem> problems)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new("resource", "is not a JSON object", "Write one object for each resource."));
            return new();
        }

        var members = MembersOf(json, "", Known, problems);
        return new ResourceMetadata
        {
            Resource = Text(members, "", "resource", problems) ?? "",
            Name = Text(members, "", "name", problems) ?? "",
            Scopes = Scopes(members, problems),
            AccessTokenLifetime = Number(members, "access_token_lifetime", problems),
            AccessTokenSigningAlg = Text(members, "", "access_token_signing_alg", problems),
        };
    }

    public static string Write(ResourceMetadata metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("resource", metadata.Resource);
            writer.WriteString("name", metadata.Name);
            writer.WriteStartArray("scopes");
            foreach (var scope in metadata.Scopes.OrderBy(scope => scope.Name, StringComparer.Ordinal))
            {
                writer.WriteStartObject();
                writer.WriteString("name", scope.Name);
                writer.WriteString("description", scope.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (metadata.AccessTokenLifetime is { } seconds)
            {
                writer.WriteNumber("access_token_lifetime", seconds);
            }

            if (metadata.AccessTokenSigningAlg is { } algorithm)
            {
                writer.WriteString("access_token_signing_alg", algorithm);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static ResourceScope[] Scopes(Dictionary<string, JsonElement> members, List<MetadataProblem> problems)
    {
        if (!members.TryGetValue("scopes", out var list))
        {
            return [];
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            problems.Add(new("scopes", "is not a list", "Give it a list of objects with name and description."));
            return [];
        }

        var scopes = new List<ResourceScope>();
        foreach (var item in list.EnumerateArray())
        {
            var field = $"scopes[{scopes.Count}]";
            if (item.ValueKind != JsonValueKind.Object)
            {
                problems.Add(new(field, "is not an object", "Give it a name and a description."));
                scopes.Add(new("", ""));
                continue;
            }

            var parts = MembersOf(item, field + ".", KnownOfScope, problems);
            scopes.Add(new(Text(parts, field + ".", "name", problems) ?? "", Text(parts, field + ".", "description", problems) ?? ""));
        }

        return [.. scopes];
    }

    private static Dictionary<string, JsonElement> MembersOf(JsonElement json, string prefix, string[] known, List<MetadataProblem> problems)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            var name = prefix + MetadataChecks.Shown(member.Name);
            if (!known.Contains(member.Name, StringComparer.Ordinal))
            {
                problems.Add(new(name, "is no member of a resource", $"Remove it, or use one of: {string.Join(", ", known)}."));
            }
            else if (!members.TryAdd(member.Name, member.Value))
            {
                problems.Add(new(name, "appears twice", "Keep one of them."));
            }
        }

        return members;
    }

    private static string? Text(Dictionary<string, JsonElement> members, string prefix, string name, List<MetadataProblem> problems)
    {
        if (!members.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }

        problems.Add(new(prefix + name, "is not a string", "Give it a string."));
        return null;
    }

    private static int? Number(Dictionary<string, JsonElement> members, string name, List<MetadataProblem> problems)
    {
        if (!members.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        problems.Add(new(name, "is not a whole number", "Give it a whole number."));
        return null;
    }
}

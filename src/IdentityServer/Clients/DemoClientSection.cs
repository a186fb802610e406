using System.Globalization;
using System.Text;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;

namespace IdentityServer.Clients;

/// <summary>A client of the section <c>Demo:Clients</c>, in which <c>{origin}</c> stands for wherever the server turns out to listen.</summary>
internal sealed class DemoClientTemplate(string json)
{
    private const string Origin = "{origin}";

    /// <summary>Whether the address must be known first.</summary>
    public bool NeedsOrigin => json.Contains(Origin, StringComparison.Ordinal);

    public ClientMetadataVerdict For(Uri? origin)
    {
        var text = origin is null ? json : json.Replace(Origin, origin.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        using var document = JsonDocument.Parse(text);
        return ClientMetadata.Parse(document.RootElement);
    }
}

/// <summary>Reads the section <c>Demo:Clients</c>: a list of clients under the names of RFC 7591, for Development only.</summary>
internal static class DemoClientSection
{
    private static readonly Uri SomeOrigin = new("http://localhost:5080");

    /// <summary>Reads and judges the section, which only Development may have.</summary>
    public static IReadOnlyList<DemoClientTemplate> Read(IConfigurationSection section, SettingsReport report)
    {
        var templates = new List<DemoClientTemplate>();
        foreach (var child in section.GetChildren())
        {
            var template = new DemoClientTemplate(ToJson(child));
            Check(child, template, report);
            templates.Add(template);
        }

        return templates;
    }

    private static void Check(IConfigurationSection section, DemoClientTemplate template, SettingsReport report)
    {
        var verdict = template.For(SomeOrigin);
        foreach (var problem in verdict is ClientMetadataVerdict.Refused refused ? refused.Problems : [])
        {
            var field = problem.Field.Replace("[", ":", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
            report.Add(new ConfigurationProblem($"{section.Path}:{field}", $"{problem.Rule}.", problem.Mend));
        }

        if (verdict is ClientMetadataVerdict.Accepted { Metadata.ClientId: null })
        {
            report.Add(new ConfigurationProblem($"{section.Path}:client_id", "is missing.", "Give the demo client a client_id."));
        }
    }

    private static string ToJson(IConfigurationSection client)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var member in client.GetChildren())
            {
                // Configuration ignores case and knows only strings; the metadata's own table gives both back.
                var name = ClientMetadata.Members.Keys.FirstOrDefault(known => known.Equals(member.Key, StringComparison.OrdinalIgnoreCase)) ?? member.Key;
                writer.WritePropertyName(name);
                Write(writer, member, ClientMetadata.Members.GetValueOrDefault(name));
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, IConfigurationSection member, MetadataKind kind)
    {
        if (kind == MetadataKind.TextList && string.IsNullOrEmpty(member.Value))
        {
            writer.WriteStartArray();
            foreach (var item in member.GetChildren())
            {
                writer.WriteStringValue(item.Value);
            }

            writer.WriteEndArray();
        }
        else if (kind == MetadataKind.Flag && bool.TryParse(member.Value, out var flag))
        {
            writer.WriteBooleanValue(flag);
        }
        else if (kind == MetadataKind.Number && int.TryParse(member.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number))
        {
            writer.WriteNumberValue(number);
        }
        else if (member.GetChildren().Any())
        {
            WriteNested(writer, member, kind);
        }
        else
        {
            writer.WriteStringValue(member.Value);
        }
    }

    // Only keys are nested, and their members are texts and lists. What is nested and should not be is told of by its kind.
    private static void WriteNested(Utf8JsonWriter writer, IConfigurationSection member, MetadataKind kind)
    {
        var children = kind == MetadataKind.Json ? member.GetChildren().ToList() : [];
        var list = children.Count > 0 && children[0].Key == "0";
        Action open = list ? writer.WriteStartArray : writer.WriteStartObject;
        Action close = list ? writer.WriteEndArray : writer.WriteEndObject;
        open();
        foreach (var child in children)
        {
            if (!list)
            {
                writer.WritePropertyName(child.Key);
            }

            Write(writer, child, kind);
        }

        close();
    }
}

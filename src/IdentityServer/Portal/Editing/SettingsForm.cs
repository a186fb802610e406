using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Editing;

/// <summary>A client's metadata as a form has it: texts by member. What does not read is sent on as it is, so that the rules name it.</summary>
internal sealed class SettingsForm
{
    private static readonly JsonSerializerOptions _readable = new() { WriteIndented = true };

    private readonly Dictionary<string, IReadOnlyList<string>> _values = new(StringComparer.Ordinal);

    private SettingsForm()
    {
    }

    /// <summary>What stands in the fields for a client.</summary>
    public static SettingsForm Of(ClientMetadata metadata)
    {
        var form = new SettingsForm();
        var json = metadata.ToJson();
        foreach (var field in SettingsFields.All)
        {
            form._values[field.Member] = json.TryGetProperty(field.Member, out var value) ? Read(field, value) : [];
        }

        return form;
    }

    /// <summary>What was sent.</summary>
    public static SettingsForm Of(IFormCollection sent)
    {
        var form = new SettingsForm();
        foreach (var field in SettingsFields.All)
        {
            form._values[field.Member] = [.. sent[field.Member].OfType<string>().Select(text => text.ReplaceLineEndings("\n").Trim()).Where(text => text.Length > 0)];
        }

        return form;
    }

    /// <summary>What stands in a field: one text, or those that are chosen.</summary>
    public IReadOnlyList<string> this[string member] => _values[member];

    /// <summary>The entries of a field with one for each line, and what stands in any other.</summary>
    public IReadOnlyList<string> Entries(SettingsField field) => field.Shape == FieldShape.Lines ? FieldProblems.Lines(_values[field.Member] is [var text, ..] ? text : "") : _values[field.Member];

    /// <summary>Whether a field says the same here and there, however it is laid out.</summary>
    public bool Same(SettingsField field, SettingsForm other) => field.Shape == FieldShape.Choices
        ? Entries(field).ToHashSet(StringComparer.Ordinal).SetEquals(other.Entries(field))
        : field.Shape == FieldShape.Json
            ? JsonNode.DeepEquals(JsonNode.Parse(Json(Entries(field)).GetRawText()), JsonNode.Parse(Json(other.Entries(field)).GetRawText()))
            : Entries(field).SequenceEqual(other.Entries(field), StringComparer.Ordinal);

    /// <summary>The metadata that is asked for: what was sent, beside what no field shows.</summary>
    public JsonElement Wish(ClientMetadata registered)
    {
        var members = registered.ToJson().EnumerateObject().ToDictionary(member => member.Name, member => (object)member.Value, StringComparer.Ordinal);
        foreach (var field in SettingsFields.All)
        {
            members.Remove(field.Member);
            if (Write(field, Entries(field)) is { } value)
            {
                members[field.Member] = value;
            }
        }

        foreach (var member in SettingsFields.Derived)
        {
            members.Remove(member);
        }

        return JsonSerializer.SerializeToElement(members);
    }

    private static string[] Read(SettingsField field, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array when field.Shape == FieldShape.Lines => [string.Join('\n', value.EnumerateArray().Select(item => item.GetString()))],
        JsonValueKind.Array => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        JsonValueKind.String when field.Shape == FieldShape.Choices => value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.True => ["true"],
        JsonValueKind.False => [],
        JsonValueKind.Object => [JsonSerializer.Serialize(value, _readable)],
        _ => [value.GetRawText()],
    };

    private static object? Write(SettingsField field, IReadOnlyList<string> entries) => field.Shape switch
    {
        FieldShape.Flag => entries.Count > 0,
        FieldShape.Choices when field.Member == "scope" => string.Join(' ', entries), // an empty one asks for nothing; none at all, for everything
        FieldShape.Choices or FieldShape.Lines => entries,
        _ when entries.Count == 0 => null,
        FieldShape.Number when int.TryParse(entries[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        FieldShape.Json => Json(entries),
        _ => entries[0],
    };

    private static JsonElement Json(IReadOnlyList<string> entries)
    {
        try
        {
            using var document = JsonDocument.Parse(entries.Count > 0 ? entries[0] : "null");
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(entries[0]);
        }
    }
}

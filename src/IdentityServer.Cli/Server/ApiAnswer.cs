using System.Text.Json.Nodes;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Server;

/// <summary>What the management API answered.</summary>
internal abstract record ApiAnswer
{
    private ApiAnswer()
    {
    }

    /// <summary>It is done.</summary>
    /// <param name="Document">What came with it; null for nothing.</param>
    /// <param name="Version">The entity tag of what was read, as it is to be sent back.</param>
    public sealed record Done(JsonNode? Document, string? Version) : ApiAnswer
    {
        public override string ToString() => nameof(Done); // there may be a secret in the document
    }

    /// <summary>The server refused it.</summary>
    public sealed record Refused(int Status, Problem Problem) : ApiAnswer;

    /// <summary>Nobody is signed in, or no longer.</summary>
    public sealed record NotSignedIn(string Why) : ApiAnswer;

    /// <summary>No answer that can be understood.</summary>
    public sealed record Failed(string Why) : ApiAnswer;
}

/// <summary>A refusal of the management API (RFC 9457).</summary>
internal sealed record Problem(string Title, string? Detail, IReadOnlyList<string> Parts)
{
    /// <summary>Reads one; what is none becomes a sentence about the status.</summary>
    public static Problem Read(int status, JsonNode? document)
    {
        var json = document as JsonObject;
        return new(
            json.Text("title") is { } title ? Printable.Of(title) : $"The server answered {status}.",
            json.Text("detail") is { } detail ? Printable.Of(detail) : null,
            [.. json.Items("problems").Select(part => Printable.Of($"{part.Text("field")} {part.Text("rule")}. {part.Text("mend")}".Trim()))]);
    }

    // The detail of a problem with parts is its first part.
    public override string ToString() => Parts.Count > 0
        ? string.Join(Environment.NewLine, Parts.Select(part => "  " + part).Prepend($"{Title.TrimEnd('.')}:"))
        : Detail is null ? Title : $"{Title.TrimEnd('.')}. {Detail}";
}

/// <summary>Reads documents whose shape is the server's: what is not there is null.</summary>
internal static class JsonReading
{
    /// <summary>A member that is a text.</summary>
    public static string? Text(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A member that is a list of texts.</summary>
    public static IReadOnlyList<string> Texts(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is JsonArray list
            ? [.. list.OfType<JsonValue>().Select(item => item.TryGetValue<string>(out var text) ? text : null).OfType<string>()]
            : [];

    /// <summary>A member that is true.</summary>
    public static bool IsTrue(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is JsonValue value && value.TryGetValue<bool>(out var truth) && truth;

    /// <summary>A member that is a number.</summary>
    public static long? Number(this JsonNode? node, string name) =>
        node is JsonObject json && json[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    /// <summary>A member that is a moment, to the second in UTC.</summary>
    public static string? Moment(this JsonNode? node, string name) =>
        DateTimeOffset.TryParse(node.Text(name), System.Globalization.CultureInfo.InvariantCulture, out var moment)
            ? moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
            : null;

    /// <summary>The objects of a list.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, string name = "items") =>
        (node is JsonObject json ? json[name] as JsonArray : null)?.OfType<JsonObject>() ?? [];
}

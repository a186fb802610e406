using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdentityServer.Api;

/// <summary>How the API writes JSON: members in snake case, moments in ISO 8601, and nothing left out, so that programs find every member.</summary>
internal static class ApiJson
{
    /// <summary>The media type of answers.</summary>
    public const string MediaType = "application/json";

    /// <summary>The media type of a change by merge patch (RFC 7396).</summary>
    public const string MergePatch = "application/merge-patch+json";

    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>A value as UTF-8.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // declared as JSON, and people read it in terminals
            NumberHandling = JsonNumberHandling.Strict,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IdentityServer.Storage.Stores;

/// <summary>The JSON columns of OpenIddict's rows; empty values are null.</summary>
internal static class StoredJson
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ImmutableDictionary<string, JsonElement> ReadProperties(string? json) => string.IsNullOrEmpty(json)
        ? ImmutableDictionary<string, JsonElement>.Empty
        : JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json, Options)!.ToImmutableDictionary();

    public static string? WriteProperties(ImmutableDictionary<string, JsonElement>? properties) =>
        properties is { Count: > 0 } ? JsonSerializer.Serialize<IDictionary<string, JsonElement>>(properties, Options) : null;

    public static ImmutableArray<string> ReadScopes(string? json) =>
        string.IsNullOrEmpty(json) ? [] : [.. JsonSerializer.Deserialize<string[]>(json, Options)!];

    public static string? WriteScopes(ImmutableArray<string> scopes) =>
        scopes.IsDefaultOrEmpty ? null : JsonSerializer.Serialize(scopes.AsSpan().ToArray(), Options);
}

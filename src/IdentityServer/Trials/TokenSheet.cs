using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace IdentityServer.Trials;

/// <summary>A token, laid open. Nothing in it has been checked by that.</summary>
internal sealed class TokenSheet
{
    private TokenSheet(string raw, JsonElement header, JsonElement payload) => (Raw, HeaderJson, Payload) = (raw, header, payload);

    /// <summary>As it travels.</summary>
    public string Raw { get; }

    /// <summary>The header's members.</summary>
    public IReadOnlyList<ClaimLine> Header => ClaimLine.Read(HeaderJson);

    /// <summary>What it says.</summary>
    public IReadOnlyList<ClaimLine> Claims => ClaimLine.Read(Payload);

    /// <summary>The <c>alg</c> of its signature.</summary>
    public string Algorithm => Text(HeaderJson, "alg") ?? "";

    /// <summary>The <c>kid</c> of the key that is said to have signed.</summary>
    public string KeyId => Text(HeaderJson, "kid") ?? "";

    /// <summary>Whom it is about; empty when it does not say.</summary>
    public string Subject => Text(Payload, "sub") ?? "";

    /// <summary>When it ends; null when it does not say.</summary>
    public DateTimeOffset? ExpiresAt => Number("exp") is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    internal JsonElement Payload { get; }

    private JsonElement HeaderJson { get; }

    /// <summary>Opens a signed JWT (RFC 7515 §7.1).</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static TokenSheet Open(string token) =>
        TryOpen(token, out var sheet) ? sheet : throw new JsonException("This is no signed JWT.");

    /// <summary>The same for what may be opaque, as tokens may be for a client.</summary>
    public static bool TryOpen(string? token, [NotNullWhen(true)] out TokenSheet? sheet)
    {
        sheet = null;
        if (token?.Split('.') is not { Length: 3 } parts)
        {
            return false;
        }

        try
        {
            var (header, payload) = (Part(parts[0]), Part(parts[1]));
            sheet = header.ValueKind == JsonValueKind.Object && payload.ValueKind == JsonValueKind.Object ? new(token, header, payload) : null;
        }
        catch (Exception broken) when (broken is JsonException or FormatException)
        {
            return false;
        }

        return sheet is not null;
    }

    public override string ToString() => $"{nameof(TokenSheet)} {{ Algorithm = {Algorithm} }}";

    /// <summary>A member that is text; null when there is none.</summary>
    internal string? Text(string name) => Text(Payload, name);

    /// <summary>A member that is a whole number; null when there is none.</summary>
    internal long? Number(string name) =>
        Payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Part(string part)
    {
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
        return document.RootElement.Clone();
    }
}

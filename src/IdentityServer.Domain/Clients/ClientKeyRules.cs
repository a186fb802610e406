using System.Text;
using System.Text.Json;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// What keys a client may register (RFC 7517): public ones only, of the two kinds whose signatures are taken. A private key that is sent
/// here by mistake is refused and not kept: its owner must know that it has left the house.
/// </summary>
public static class ClientKeyRules
{
    /// <summary>The most keys of a set.</summary>
    public const int MaxKeys = 20;

    /// <summary>The most bytes of a set.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int LeastRsaBytes = 256;
    private const int MostRsaBytes = 1024;
    private const int P256Bytes = 32;

    private static readonly string[] Texts = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e", "x5u", "x5t", "x5t#S256"];

    private static readonly string[] Lists = ["key_ops", "x5c"];

    private static readonly string[] Private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    /// <summary>The first rule that a key set breaks, or null. Keys of kinds that are not used here are let by, as RFC 7517 §5 asks.</summary>
    /// <param name="set">The JSON object with the member <c>keys</c>.</param>
    public static UriFault? FirstBroken(JsonElement set)
    {
        if (set.ValueKind != JsonValueKind.Object || !set.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
        {
            return new("has no list \"keys\"", "Write a JWK set: {\"keys\": [{\"kty\": \"EC\", ...}]} (RFC 7517 §5).");
        }

        if (keys.GetArrayLength() > MaxKeys || Encoding.UTF8.GetByteCount(set.GetRawText()) > MaxBytes)
        {
            return new($"has more than {MaxKeys} keys or {MaxBytes / 1024} KB", "Leave out keys that sign nothing any more, and certificates.");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var usable = false;
        foreach (var key in keys.EnumerateArray())
        {
            if (key.ValueKind != JsonValueKind.Object)
            {
                return new("has a key that is not a JSON object", "Write each key as an object (RFC 7517 §4).");
            }

            if (Private.Any(member => key.TryGetProperty(member, out _)))
            {
                return new(
                    "holds a private or a symmetric key",
                    "Send the public members only (kty, n, e; or kty, crv, x, y), and make a new key: this one has been sent.");
            }

            if (Mistyped(key) is { } member)
            {
                return new($"has a key whose {member} is not of the kind that RFC 7517 gives it", "Write texts as strings, and key_ops and x5c as lists of strings.");
            }

            if (Text(key, "kid") is { } kid && !names.Add(kid))
            {
                return new("has two keys of one kid", "Give each key a kid of its own.");
            }

            if (Text(key, "kty") == "RSA" && !IsStrongRsa(key))
            {
                return new("has an RSA key of fewer than 2048 bits, of more than 8192, or without n and e", "Use RSA with 2048 to 4096 bits, or EC on P-256.");
            }

            usable |= IsUsable(key);
        }

        return usable ? null : new("has no key that can sign", "Add an RSA key, or an EC key on P-256, with use \"sig\" or none.");
    }

    /// <summary>Whether a key is of a kind that signs for clients here.</summary>
    public static bool IsUsable(JsonElement key) =>
        key.ValueKind == JsonValueKind.Object
        && Text(key, "use") is null or "sig"
        && !Private.Any(member => key.TryGetProperty(member, out _))
        && (Text(key, "kty") switch
        {
            "RSA" => IsStrongRsa(key),
            "EC" => Text(key, "crv") == "P-256" && Length(key, "x") == P256Bytes && Length(key, "y") == P256Bytes,
            _ => false,
        });

    internal static void Check(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        if (metadata is { Jwks: not null, JwksUri: not null })
        {
            problems.Add(new("jwks", "stands beside jwks_uri", "Keep one of the two (RFC 7591 §2)."));
        }

        if (metadata.Jwks is { } keys && FirstBroken(keys) is { } fault)
        {
            problems.Add(new("jwks", fault.Rule, fault.Mend));
        }

        MetadataChecks.Link("jwks_uri", metadata.JwksUri, loopbackHttp: true, problems);
        if (metadata.TokenEndpointAuthMethod == ClientAuthenticationMethods.PrivateKeyJwt && !metadata.HasKeys)
        {
            problems.Add(new("jwks", "is missing for a client that authenticates by private_key_jwt", "Give jwks, or jwks_uri to change keys without registering again."));
        }

        if ((metadata.RequireSignedRequestObject || metadata.RequestObjectSigningAlg is not null || metadata.RequestUris.Count > 0) && !metadata.HasKeys)
        {
            problems.Add(new("jwks", "is missing for a client that sends request objects", "Give jwks or jwks_uri: request objects must be signed."));
        }
    }

    private static bool IsStrongRsa(JsonElement key) => Length(key, "n") is >= LeastRsaBytes and <= MostRsaBytes && Length(key, "e") is >= 1 and <= 8;

    // Libraries that read keys throw on these.
    private static string? Mistyped(JsonElement key) =>
        Texts.FirstOrDefault(name => key.TryGetProperty(name, out var value) && !IsText(value))
        ?? Lists.FirstOrDefault(name => key.TryGetProperty(name, out var value) && !(value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsText)));

    private static string? Text(JsonElement key, string name) => key.TryGetProperty(name, out var value) && IsText(value) ? value.GetString() : null;

    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false; // not Unicode
        }
    }

    // Of a base64url text, without its leading zeros: they say nothing about a number's strength.
    private static int? Length(JsonElement key, string name)
    {
        if (Text(key, name) is not { Length: > 0 and < 4096 } text || !System.Buffers.Text.Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(text);
        return name is "x" or "y" ? bytes.Length : bytes.AsSpan().TrimStart((byte)0).Length;
    }
}

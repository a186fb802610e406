using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Tests.Support;

/// <summary>A client's own key: publishes the public half, and signs.</summary>
internal sealed class SigningParty : IDisposable
{
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly AsymmetricAlgorithm _key;
    private readonly string _algorithm;

    public SigningParty(string algorithm = "ES256", string kid = "key-1")
    {
        (_algorithm, Kid) = (algorithm, kid);
        _key = algorithm == "ES256" ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
    }

    public string Kid { get; }

    /// <summary>The public key as a JWK.</summary>
    public string Jwk
    {
        get
        {
            if (_key is RSA rsa)
            {
                var parameters = rsa.ExportParameters(false);
                return $$"""{"kty":"RSA","kid":"{{Kid}}","use":"sig","n":"{{Base64Url.EncodeToString(parameters.Modulus)}}","e":"{{Base64Url.EncodeToString(parameters.Exponent)}}"}""";
            }

            var point = ((ECDsa)_key).ExportParameters(false).Q;
            return $$"""{"kty":"EC","kid":"{{Kid}}","use":"sig","crv":"P-256","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        }
    }

    /// <summary>A set with this key alone.</summary>
    public string Jwks => $$"""{"keys":[{{Jwk}}]}""";

    /// <summary>Signs claims.</summary>
    public string Sign(JsonObject claims, string? type = null, string? algorithm = null)
    {
        SecurityKey key = _key is RSA rsa ? new RsaSecurityKey(rsa) { KeyId = Kid } : new ECDsaSecurityKey((ECDsa)_key) { KeyId = Kid };
        var credentials = new SigningCredentials(key, algorithm ?? _algorithm) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } };
        return type is null
            ? Handler.CreateToken(claims.ToJsonString(), credentials)
            : Handler.CreateToken(claims.ToJsonString(), credentials, new Dictionary<string, object> { ["typ"] = type });
    }

    /// <summary>A JWT that nobody signed.</summary>
    public static string Unsigned(JsonObject claims) =>
        $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}.";

    /// <summary>The claims of a client assertion.</summary>
    public static JsonObject Assertion(string clientId, string audience, DateTimeOffset now, params ReadOnlySpan<(string Name, JsonNode? Value)> changes)
    {
        var claims = new JsonObject
        {
            ["iss"] = clientId,
            ["sub"] = clientId,
            ["aud"] = audience,
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(1).ToUnixTimeSeconds(),
        };
        foreach (var (name, value) in changes)
        {
            claims.Remove(name);
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return claims;
    }

    public void Dispose() => _key.Dispose();
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Tests.Support;

/// <summary>A JWKS as a relying party keeps it, read without the libraries that made it.</summary>
internal sealed class PublishedKeys(string jwks)
{
    private readonly Dictionary<string, JsonElement> _keys = JsonDocument.Parse(jwks).RootElement.GetProperty("keys").EnumerateArray()
        .ToDictionary(key => key.GetProperty("kid").GetString()!, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Kids => _keys.Keys;

    /// <summary>What a server publishes now.</summary>
    public static async Task<PublishedKeys> FetchAsync(TestServer server)
    {
        using var http = server.CreateClient(cookies: false);
        return new(await http.GetStringAsync(new Uri("/.well-known/jwks", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    /// <summary>The name of the key that signed a token.</summary>
    public static string KidOf(string jwt) => Header(jwt).GetProperty("kid").GetString()!;

    /// <summary>The algorithm that a token says it is signed with.</summary>
    public static string AlgorithmOf(string jwt) => Header(jwt).GetProperty("alg").GetString()!;

    /// <summary>Whether the key that the token names is here, is meant for the token's algorithm, and signed it.</summary>
    public bool Verify(string jwt)
    {
        if (!_keys.TryGetValue(KidOf(jwt), out var key) || key.GetProperty("alg").GetString() != AlgorithmOf(jwt))
        {
            return false;
        }

        var parts = jwt.Split('.');
        var (data, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        byte[] Member(string name) => Base64Url.DecodeFromChars(key.GetProperty(name).GetString());
        if (key.GetProperty("kty").GetString() == "RSA")
        {
            using var rsa = RSA.Create(new RSAParameters { Modulus = Member("n"), Exponent = Member("e") });
            var padding = AlgorithmOf(jwt) == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
            return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, padding);
        }

        using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Member("x"), Y = Member("y") } });
        return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256);
    }

    private static JsonElement Header(string jwt) => JsonDocument.Parse(Base64Url.DecodeFromChars(jwt.Split('.')[0])).RootElement;
}

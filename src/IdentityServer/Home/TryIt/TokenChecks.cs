using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Home.TryIt;

/// <summary>What a client checks of an id_token before it believes a word (OpenID Connect Core §3.1.3.7).</summary>
/// <param name="issuer">Who must have issued it.</param>
/// <param name="audience">Whom it must be for.</param>
/// <param name="keys">The issuer's published keys.</param>
/// <param name="now">The time.</param>
internal sealed class TokenChecks(string issuer, string audience, IEnumerable<SecurityKey> keys, DateTimeOffset now)
{
    private static readonly string[] Algorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256];

    /// <summary>Reads an id_token that passes.</summary>
    /// <exception cref="SecurityTokenException">It does not pass.</exception>
    public async Task<TokenSheet> ReadIdTokenAsync(string token, string nonce)
    {
        var verdict = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = issuer,
            ValidAudience = audience,
            IssuerSigningKeys = keys,
            ValidAlgorithms = Algorithms,
            LifetimeValidator = (_, expires, _, _) => expires is { } end && now < end,
        });
        if (!verdict.IsValid)
        {
            throw new SecurityTokenException("The id_token is not acceptable.", verdict.Exception);
        }

        return Payload(token).TryGetProperty("nonce", out var said) && said.GetString() == nonce
            ? Open(token)
            : throw new SecurityTokenException("The id_token answers another request: its nonce is not ours.");
    }

    /// <summary>Lays a token open without checking it: for a client, access tokens are opaque, and what is shown of one is for show.</summary>
    public static TokenSheet Open(string token)
    {
        var header = Part(token, 0);
        return new(token, Text(header, "alg"), Text(header, "kid"), ClaimLine.Read(Payload(token)));
    }

    public static string SubjectOf(string token) => SubjectOf(Payload(token));

    public static string SubjectOf(JsonElement claims) => Text(claims, "sub");

    private static JsonElement Payload(string token) => Part(token, 1);

    private static JsonElement Part(string token, int index)
    {
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[index]));
        return document.RootElement.Clone();
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.GetString() is { } text ? text : throw new JsonException($"{name} is missing.");
}

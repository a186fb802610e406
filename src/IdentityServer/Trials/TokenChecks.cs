using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Trials;

/// <summary>One thing that a good client checks, and how it came out.</summary>
/// <param name="Name">What was checked: the end of the key of its text.</param>
/// <param name="Passed">Whether it is as it must be.</param>
/// <param name="Found">What was found, as it stands on the wire; empty for nothing worth showing.</param>
internal sealed record TokenCheck(string Name, bool Passed, string Found = "")
{
    /// <summary>What the keys of checks begin with.</summary>
    public const string Family = "trial.check.";
}

/// <summary>What an id_token must fit. Null is not checked.</summary>
/// <param name="Nonce">What the request carried.</param>
/// <param name="MaxAge">The seconds since the sign-in that the request allowed.</param>
/// <param name="Subject">Whom an earlier token was about.</param>
/// <param name="AccessToken">The access token that came beside it.</param>
internal sealed record TokenExpectations(string? Nonce = null, long? MaxAge = null, string? Subject = null, string? AccessToken = null)
{
    public override string ToString() => nameof(TokenExpectations);
}

/// <summary>What a client checks of an id_token before it believes a word (OpenID Connect Core §3.1.3.7).</summary>
/// <param name="issuer">Who must have issued it.</param>
/// <param name="audience">Whom it must be for.</param>
/// <param name="keys">The issuer's published keys.</param>
/// <param name="now">The time.</param>
/// <param name="algorithm">The one signature that is taken; null for every one that a client may register.</param>
internal sealed class TokenChecks(string issuer, string audience, IEnumerable<SecurityKey> keys, DateTimeOffset now, string? algorithm = null)
{
    // Clocks differ a little; an expiry is not stretched by it.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    /// <summary>Reads an id_token that passes.</summary>
    /// <exception cref="SecurityTokenException">It does not pass.</exception>
    /// <exception cref="JsonException">It is no token.</exception>
    public async Task<TokenSheet> ReadIdTokenAsync(string token, string nonce)
    {
        var failed = (await InspectIdTokenAsync(token, new(nonce))).FirstOrDefault(check => !check.Passed);
        return failed is null ? TokenSheet.Open(token) : throw new SecurityTokenException($"The id_token is not acceptable: {failed.Name}.");
    }

    /// <summary>Checks an id_token, one thing after the other.</summary>
    /// <exception cref="JsonException">It is no token.</exception>
    public async Task<IReadOnlyList<TokenCheck>> InspectIdTokenAsync(string token, TokenExpectations expected)
    {
        var sheet = TokenSheet.Open(token);
        var checks = new List<TokenCheck>
        {
            await SignatureAsync(sheet),
            new("issuer", sheet.Text("iss") == issuer, sheet.Text("iss") ?? ""),
            new("audience", IsForUs(sheet), sheet.Payload.TryGetProperty("aud", out var aud) ? aud.ToString() : ""),
            new("expiry", sheet.ExpiresAt is { } end && now < end),
            new("issued", sheet.Number("iat") is { } issued && DateTimeOffset.FromUnixTimeSeconds(issued) <= now + Skew),
        };
        if (expected.Nonce is { } nonce)
        {
            checks.Add(new("nonce", sheet.Text("nonce") == nonce));
        }

        if (expected.MaxAge is { } maxAge)
        {
            checks.Add(new("max-age", sheet.Number("auth_time") is { } at && DateTimeOffset.FromUnixTimeSeconds(at + maxAge) + Skew >= now));
        }

        if (expected.AccessToken is { } access && sheet.Text("at_hash") is { } hash)
        {
            checks.Add(new("at-hash", hash == HalfHash(access)));
        }

        if (expected.Subject is { } subject)
        {
            checks.Add(new("same-subject", sheet.Subject == subject));
        }

        return checks;
    }

    /// <summary>Checks the signature of any token of this server against its published keys.</summary>
    public async Task<TokenCheck> SignatureAsync(TokenSheet sheet)
    {
        // The signature alone: who, for whom and how long are checks of their own, and each is told by itself.
        var verdict = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(sheet.Raw, new TokenValidationParameters
        {
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
            IssuerSigningKeys = keys,
            ValidAlgorithms = algorithm is null ? IdTokenAlgorithms.All : [algorithm],
        });
        return new("signature", verdict.IsValid, $"{sheet.Algorithm} · {sheet.KeyId}");
    }

    // With several audiences azp says which of them asked (OpenID Connect Core §3.1.3.7, 3 to 5).
    private bool IsForUs(TokenSheet sheet)
    {
        if (!sheet.Payload.TryGetProperty("aud", out var aud))
        {
            return false;
        }

        return aud.ValueKind == JsonValueKind.Array
            ? aud.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.GetString() == audience)
                && (aud.GetArrayLength() == 1 || sheet.Text("azp") == audience)
            : aud.ValueKind == JsonValueKind.String && aud.GetString() == audience;
    }

    // OpenID Connect Core §3.1.3.6: every algorithm of ours hashes with SHA-256.
    private static string HalfHash(string accessToken) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16));
}

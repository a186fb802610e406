using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace WebClient;

/// <summary>A line of the claims table.</summary>
internal sealed record ClaimRow(string Name, string Value, string Meaning)
{
    /// <summary>The claims of an id_token that the handler has already validated; here they are only read.</summary>
    public static IReadOnlyList<ClaimRow> Read(string? idToken)
    {
        if (idToken?.Split('.') is not [_, var payload, _])
        {
            return [];
        }

        using var claims = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(payload));
        return [.. claims.RootElement.EnumerateObject().Select(claim => new ClaimRow(claim.Name, Readable(claim), MeaningOf(claim.Name)))];
    }

    private static string Readable(JsonProperty claim) => claim.Name is "exp" or "iat" or "nbf" or "auth_time"
        ? $"{claim.Value} ({DateTimeOffset.FromUnixTimeSeconds(claim.Value.GetInt64()).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)})"
        : claim.Value.ToString();

    private static string MeaningOf(string name) => name switch
    {
        "iss" => "Who says so: the provider",
        "aud" => "Whom it is for: this application",
        "sub" => "The person, by an identifier that never changes",
        "exp" => "Not to be accepted after",
        "iat" => "When it was issued",
        "auth_time" => "When the mailed code was entered",
        "amr" => "How: password and one-time code",
        "acr" => "The provider's name for that way of signing in",
        "sid" => "The session at the provider",
        "nonce" => "Ties the token to this sign-in",
        "azp" => "Which application asked for it",
        "at_hash" => "Ties the token to the access token",
        _ => "",
    };
}

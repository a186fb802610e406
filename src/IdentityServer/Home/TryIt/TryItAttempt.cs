using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Home.TryIt;

/// <summary>What the try-out client keeps of a sign-in under way: three secrets, each good for one answer.</summary>
/// <param name="State">Ties the answer to this browser (RFC 6749 §10.12).</param>
/// <param name="Nonce">Ties the id_token to this request (OpenID Connect Core §3.1.2.1).</param>
/// <param name="Verifier">Proves at the token endpoint who asked (RFC 7636 §4.1).</param>
internal sealed record TryItAttempt(string State, string Nonce, string Verifier)
{
    public const string ClientId = "try-it";
    public const string StartPath = "/try-it";
    public const string CallbackPath = "/try-it/callback";
    public const string ResultPath = "/try-it/result";

    /// <summary>The <c>state</c> with which the end session endpoint sends the browser home.</summary>
    public const string SignedOutState = "signed-out";

    private const string Scope = "openid profile email";
    private const int SecretBytes = 32;

    /// <summary>A new one.</summary>
    public static TryItAttempt Begin() => new(Secret(), Secret(), Secret());

    /// <summary>The authorization request, as a local address.</summary>
    /// <param name="redirectUri">Where the answer goes.</param>
    /// <param name="askAgain">Asks for password and code even when the browser is signed in.</param>
    public string AuthorizationRequest(Uri redirectUri, bool askAgain)
    {
        var query = QueryString.Create(new Dictionary<string, string?>
        {
            ["client_id"] = ClientId,
            ["response_type"] = "code",
            ["redirect_uri"] = redirectUri.AbsoluteUri,
            ["scope"] = Scope,
            ["state"] = State,
            ["nonce"] = Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))),
            ["code_challenge_method"] = "S256",
        });
        return "/connect/authorize" + (askAgain ? query.Add("prompt", "login") : query);
    }

    /// <summary>Compares an answer's <c>state</c> in constant time.</summary>
    public bool IsAnsweredBy(string? state) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(State), Encoding.UTF8.GetBytes(state ?? ""));

    public override string ToString() => "•••";

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
}

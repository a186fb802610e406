using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using IdentityServer.Domain.Sessions;
using IdentityServer.Domain.Users;

namespace IdentityServer.Domain.Authorization;

/// <summary>
/// The parameter <c>claims</c> (OpenID Connect Core §5.5): single claims that a client asks for. What is asked for of the account is given by
/// userinfo alone; id_tokens, which travel and are kept, hold protocol claims and no more. Claims that nobody knows are not asked for
/// (§5.5.1); everything is voluntary but the two that say how and who.
/// </summary>
public sealed class ClaimsRequest
{
    /// <summary>The longest text that is read, in characters.</summary>
    public const int MaxLength = 4096;

    private const int Deepest = 6;

    private static readonly Dictionary<string, string> ScopesOfClaims = new(StringComparer.Ordinal)
    {
        ["email"] = "email",
        ["email_verified"] = "email",
    };

    static ClaimsRequest()
    {
        foreach (var (scope, names) in new[] { ("profile", StandardClaims.OfProfile), ("phone", StandardClaims.OfPhone), ("address", StandardClaims.OfAddress) })
        {
            foreach (var name in names)
            {
                ScopesOfClaims.Add(name, scope);
            }
        }
    }

    private ClaimsRequest(IReadOnlyList<string> userInfo, string? subject, bool canBeMet) =>
        (UserInfo, Subject, CanBeMet) = (userInfo, subject, canBeMet);

    /// <summary>A request that asks for nothing.</summary>
    public static ClaimsRequest None { get; } = new([], null, true);

    /// <summary>Claims of the account that userinfo shall give, as far as we know them.</summary>
    public IReadOnlyList<string> UserInfo { get; }

    /// <summary>The subject that must be signed in (§5.5.1), if one is named.</summary>
    public string? Subject { get; }

    /// <summary>False when an <c>acr</c> is essential that no sign-in here has (§5.5.1.1).</summary>
    public bool CanBeMet { get; }

    /// <summary>The scope that a claim belongs to (§5.4): who may be given the one may be given the other.</summary>
    public static string ScopeOf(string claim) => ScopesOfClaims[claim];

    /// <summary>Whether a claim is one of those that userinfo can give.</summary>
    public static bool IsKnown(string claim) => ScopesOfClaims.ContainsKey(claim);

    /// <summary>Reads the parameter; nothing, where it is missing.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="fault">Why it cannot be read, as a sentence.</param>
    public static bool TryRead(string? text, [NotNullWhen(true)] out ClaimsRequest? request, [NotNullWhen(false)] out string? fault)
    {
        (request, fault) = (None, null);
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        fault = text.Length > MaxLength ? $"claims has more than {MaxLength} characters." : Read(text, out request);
        return fault is null;
    }

    // What is wrong, or null.
    private static string? Read(string text, out ClaimsRequest request)
    {
        request = None;
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Deepest });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !IsReadable(root, "userinfo", out var userInfo) || !IsReadable(root, "id_token", out var idToken))
            {
                return "claims is no JSON object with the members userinfo and id_token, each an object of claims (OpenID Connect Core §5.5).";
            }

            request = new(
                [.. userInfo.Keys.Where(IsKnown)],
                Value(idToken, "sub") ?? Value(userInfo, "sub"),
                CanMeet(idToken) && CanMeet(userInfo));
            return null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return "claims is no JSON, is too deep, or holds text that is not Unicode.";
        }
    }

    // Null and what is missing ask for nothing; a claim is null or an object (§5.5.1).
    private static bool IsReadable(JsonElement root, string name, out Dictionary<string, JsonElement> claims)
    {
        claims = new(StringComparer.Ordinal);
        if (!root.TryGetProperty(name, out var member) || member.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (member.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        foreach (var claim in member.EnumerateObject())
        {
            if (claim.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object))
            {
                return false;
            }

            claims[claim.Name] = claim.Value;
        }

        return true;
    }

    private static string? Value(Dictionary<string, JsonElement> claims, string name) =>
        claims.TryGetValue(name, out var claim) && claim.ValueKind == JsonValueKind.Object
        && claim.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static bool CanMeet(Dictionary<string, JsonElement> claims)
    {
        if (!claims.TryGetValue("acr", out var acr) || acr.ValueKind != JsonValueKind.Object
            || !acr.TryGetProperty("essential", out var essential) || essential.ValueKind != JsonValueKind.True)
        {
            return true;
        }

        var named = acr.TryGetProperty("value", out var value);
        var listed = acr.TryGetProperty("values", out var values) && values.ValueKind == JsonValueKind.Array;
        return (!named && !listed) || (named && IsOurs(value)) || (listed && values.EnumerateArray().Any(IsOurs));
    }

    private static bool IsOurs(JsonElement value) => value.ValueKind == JsonValueKind.String && value.ValueEquals(AuthenticationContext.Acr);
}

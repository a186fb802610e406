using System.Text.Json;

namespace IdentityServer.Domain.Authorization;

/// <summary>What a request object says, or why it says nothing.</summary>
public abstract record RequestObjectVerdict
{
    private RequestObjectVerdict()
    {
    }

    /// <summary>It can be taken.</summary>
    /// <param name="Parameters">The authorization request's parameters that it holds, by name.</param>
    public sealed record Accepted(IReadOnlyDictionary<string, JsonElement> Parameters) : RequestObjectVerdict;

    /// <summary>It cannot.</summary>
    /// <param name="Reason">A sentence for the client's developer.</param>
    public sealed record Refused(string Reason) : RequestObjectVerdict;
}

/// <summary>
/// Reads the claims of a request object whose signature was verified (RFC 9101 §4, OpenID Connect Core §6.1). What is in it stands for what
/// stands beside it in the URL.
/// </summary>
public static class RequestObject
{
    // What tells of the JWT itself (RFC 7519 §4.1), and is no parameter.
    private static readonly string[] OfTheToken = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

    // No object in an object (RFC 9101 §4), and nothing that proves who the client is: that is for the request around it.
    private static readonly string[] Never = ["request", "request_uri", "client_secret", "client_assertion", "client_assertion_type"];

    /// <summary>Reads the claims.</summary>
    /// <param name="claims">The JWT's payload.</param>
    /// <param name="clientId">Whose request it is.</param>
    /// <param name="audiences">The texts that name this server.</param>
    /// <param name="responseType">The <c>response_type</c> beside the object, if one is there: both must say the same.</param>
    public static RequestObjectVerdict Read(JsonElement claims, string clientId, IReadOnlyCollection<string> audiences, string? responseType)
    {
        try
        {
            return ReadText(claims, clientId, audiences, responseType);
        }
        catch (InvalidOperationException)
        {
            return Refuse("It holds text that is not Unicode."); // a lone surrogate, written as an escape
        }
    }

    private static RequestObjectVerdict ReadText(JsonElement claims, string clientId, IReadOnlyCollection<string> audiences, string? responseType)
    {
        if (claims.ValueKind != JsonValueKind.Object)
        {
            return Refuse("It is no JSON object.");
        }

        var parameters = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in claims.EnumerateObject())
        {
            if (member.Name.Length == 0)
            {
                return Refuse("It has a member without a name.");
            }

            if (Never.Contains(member.Name, StringComparer.Ordinal))
            {
                return Refuse($"It must not hold {member.Name}.");
            }

            if (!IsTellable(member.Name, member.Value))
            {
                return Refuse($"Its member {Shown(member.Name)} is of a kind that no parameter has.");
            }

            if (!OfTheToken.Contains(member.Name, StringComparer.Ordinal) && !parameters.TryAdd(member.Name, member.Value))
            {
                return Refuse($"Its member {Shown(member.Name)} is there twice.");
            }
        }

        return Fault(claims, parameters, clientId, audiences, responseType) is { } fault ? Refuse(fault) : new RequestObjectVerdict.Accepted(parameters);
    }

    private static RequestObjectVerdict.Refused Refuse(string reason) => new(reason);

    private static string? Fault(
        JsonElement claims, Dictionary<string, JsonElement> parameters, string clientId, IReadOnlyCollection<string> audiences, string? responseType) =>
        claims.TryGetProperty("iss", out var issuer) && !IsText(issuer, clientId) ? "Its iss must be the client_id."
        : claims.TryGetProperty("sub", out var subject) && IsText(subject, clientId) ? "It has the client_id for sub, as a client assertion has: leave sub out (RFC 9101 §10.8)."
        : claims.TryGetProperty("aud", out var audience) && !Names(audience, audiences) ? "Its aud must be the issuer."
        : parameters.TryGetValue("client_id", out var client) && !IsText(client, clientId) ? "Its client_id is not the one of the request around it."
        : responseType is not null && parameters.TryGetValue("response_type", out var type) && !IsText(type, responseType)
            ? "Its response_type is not the one of the request around it."
        : null;

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    private static bool Names(JsonElement audience, IReadOnlyCollection<string> ours) => audience.ValueKind switch
    {
        JsonValueKind.String => ours.Contains(audience.GetString()!, StringComparer.Ordinal),
        JsonValueKind.Array => audience.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && ours.Contains(one.GetString()!, StringComparer.Ordinal)),
        _ => false,
    };

    // The parameter claims is JSON, and resource may be said several times (RFC 8707 §2); all others are one text.
    private static bool IsTellable(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is not null,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => true,
        JsonValueKind.Object => name == "claims",
        JsonValueKind.Array => name == "aud" || (name == "resource" && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString() is not null)),
        _ => false,
    };

    private static string Shown(string name) => string.Concat(name.Take(64).Select(c => c is > ' ' and <= '~' ? c : '?'));
}

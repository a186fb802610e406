using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Resources;

/// <summary>
/// The URI that names a protected resource (RFC 8707 §2): what clients ask for as <c>resource</c>, and what access tokens carry as
/// <c>aud</c>. It is compared character by character, so only one way to write it is taken.
/// </summary>
public static class ResourceIndicator
{
    /// <summary>The longest that is taken, in characters. It stands in every access token.</summary>
    public const int MaxLength = 200;

    /// <summary>The first rule that a URI breaks, or null.</summary>
    public static UriFault? FaultOf(string? value)
    {
        if (value is not { Length: > 0 and <= MaxLength })
        {
            return new($"is not 1 to {MaxLength} characters long", "Write the API's address, such as https://api.example.com/notes.");
        }

        if (value.Contains('#', StringComparison.Ordinal))
        {
            return new("has a fragment (#)", "Leave out the # and what follows it (RFC 8707 §2).");
        }

        if (value.Contains('?', StringComparison.Ordinal))
        {
            return new("has a query (?)", "Leave it out: it names no API (RFC 8707 §2).");
        }

        if (UriRules.FirstBrokenLink(value, loopbackHttp: true) is { } fault)
        {
            return fault;
        }

        // "https://API.example.com" and "https://api.example.com:443" are the same API to people, and another to whoever compares text.
        var plain = new Uri(value, UriKind.Absolute).AbsoluteUri;
        return value == plain || value + "/" == plain
            ? null
            : new("is not written in its plain form", $"Write {plain}; tokens and requests must say exactly the same.");
    }
}

namespace IdentityServer.Domain.Clients;

/// <summary>
/// Where a page in a browser comes from: scheme, host and port as browsers write them in the <c>Origin</c> header (RFC 6454 §6.2), in
/// lower case and without the scheme's own port.
/// </summary>
public static class WebOrigin
{
    /// <summary>The longest origin there is, in characters: a scheme, a host name of 253 and a port.</summary>
    public const int MaxLength = 270;

    /// <summary>The origin of a registered URI; null when no page can have it, as with an application's private-use scheme.</summary>
    public static string? Of(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "https" or "http"
            ? parsed.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            : null;

    /// <summary>
    /// Whether a header names an origin exactly as browsers write it. Everything else, <c>null</c> included, is the origin of no
    /// registered page, and nothing is normalised: what a browser would not send is not taken for what it would.
    /// </summary>
    public static bool IsWellFormed(string? presented) =>
        presented is { Length: > 0 and <= MaxLength }
        && presented.All(c => c is > ' ' and <= '~')
        && string.Equals(Of(presented), presented, StringComparison.Ordinal);
}

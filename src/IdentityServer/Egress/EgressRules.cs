namespace IdentityServer.Egress;

/// <summary>What one kind of request may cost, and what its answer must be.</summary>
internal sealed class EgressRules
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    private EgressRules(string name, int largestBody, params string[] mediaTypes) =>
        (Name, LargestBody, MediaTypes) = (name, largestBody, mediaTypes);

    /// <summary>Tells the kinds apart: what was fetched as one is never taken for another.</summary>
    public string Name { get; }

    /// <summary>In bytes. A longer body fails the request, but where <see cref="StatusIsEnough"/> the rest is left unread.</summary>
    public int LargestBody { get; }

    /// <summary>The media types that a body may have, in lower case; none means any.</summary>
    public IReadOnlyList<string> MediaTypes { get; }

    /// <summary>For everything together: waiting for a turn, the name, the connection, TLS, headers and body.</summary>
    public TimeSpan Time { get; } = Usual;

    /// <summary>Whether the status alone says it all: any 2xx counts then, and else 200 only.</summary>
    public bool StatusIsEnough { get; private init; }

    /// <summary>A client's <c>jwks_uri</c> (RFC 7517 §8.5).</summary>
    public static EgressRules KeySet { get; } = new("key-set", 64 * 1024, "application/json", "application/jwk-set+json");

    /// <summary>
    /// A pre-registered <c>request_uri</c> (RFC 9101 §5.2.3). Static hosts give a file of this kind as text or as bytes; that is tolerated,
    /// since what a request object is worth is told by its signature and not by its media type. Pages (<c>text/html</c>) are not.
    /// </summary>
    public static EgressRules RequestObject { get; } = new(
        "request-object", 64 * 1024, "application/oauth-authz-req+jwt", "application/jwt", "text/plain", "application/octet-stream");

    /// <summary>A <c>sector_identifier_uri</c> (OpenID Connect Registration §5).</summary>
    public static EgressRules Sector { get; } = new("sector", 64 * 1024, "application/json");

    /// <summary>
    /// The picture at a client's <c>logo_uri</c> (RFC 7591 §2), as large as an uploaded one may be. SVG is not taken: it is active content.
    /// </summary>
    public static EgressRules Logo { get; } = new("logo", 512 * 1024, "image/png", "image/webp", "image/jpeg");

    /// <summary>A logout token posted to a client (Back-Channel Logout §2.8, which leaves 200 or 204 to the client).</summary>
    public static EgressRules Notification { get; } = new("notification", 4 * 1024) { StatusIsEnough = true };
}

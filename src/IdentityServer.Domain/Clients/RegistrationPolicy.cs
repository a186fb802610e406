namespace IdentityServer.Domain.Clients;

/// <summary>What an initial access token says about PKCE for the clients that are registered with it.</summary>
public enum PkcePolicy
{
    /// <summary>Every client uses it.</summary>
    Required,

    /// <summary>A client with credentials may register <c>require_pkce: false</c>.</summary>
    Optional,

    /// <summary>The same, and a client with credentials that says nothing need not use it: conformance suites send none.</summary>
    OffByDefault,
}

/// <summary>What the holder of an initial access token may register.</summary>
/// <param name="Scopes">The scopes that its clients may ask for.</param>
/// <param name="Pkce">What holds for PKCE.</param>
public sealed record RegistrationPolicy(IReadOnlyList<string> Scopes, PkcePolicy Pkce)
{
    /// <summary>
    /// This server's own redirect URI, where sign-ins come back that owners try with their client; null where there is none. It may come and
    /// go without the operator's word for the client.
    /// </summary>
    public string? TrialCallback { get; init; }
}

namespace IdentityServer.Domain.Clients;

/// <summary>How a client proves who it is at the token endpoint and its neighbours (RFC 7591 §2, <c>token_endpoint_auth_method</c>).</summary>
public static class ClientAuthenticationMethods
{
    /// <summary>HTTP Basic (RFC 6749 §2.3.1).</summary>
    public const string Basic = "client_secret_basic";

    /// <summary>Credentials in the form body (RFC 6749 §2.3.1).</summary>
    public const string Post = "client_secret_post";

    /// <summary>A public client: it has no secret, PKCE protects its codes.</summary>
    public const string None = "none";

    /// <summary>Every method that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [Basic, Post, None];
}

/// <summary>The grants that a client may register (RFC 7591 §2, <c>grant_types</c>).</summary>
public static class ClientGrantTypes
{
    /// <summary>RFC 6749 §4.1.</summary>
    public const string AuthorizationCode = "authorization_code";

    /// <summary>RFC 6749 §6.</summary>
    public const string RefreshToken = "refresh_token";

    /// <summary>RFC 6749 §4.4: the client speaks for itself, never for a person.</summary>
    public const string ClientCredentials = "client_credentials";

    /// <summary>Every grant that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [AuthorizationCode, RefreshToken, ClientCredentials];
}

/// <summary>What kind of program the client is (OpenID Connect Dynamic Client Registration 1.0 §2, <c>application_type</c>).</summary>
public static class ClientApplicationTypes
{
    /// <summary>Runs in a web server or in a browser.</summary>
    public const string Web = "web";

    /// <summary>Runs on a person's device (RFC 8252).</summary>
    public const string Native = "native";

    /// <summary>Every type that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [Web, Native];
}

/// <summary>The signatures that a client may ask for (<c>id_token_signed_response_alg</c>).</summary>
public static class IdTokenAlgorithms
{
    /// <summary>What OpenID Connect prescribes for clients that name none.</summary>
    public const string RS256 = "RS256";

    /// <summary>ECDSA on P-256: smaller tokens, cheaper to sign.</summary>
    public const string ES256 = "ES256";

    /// <summary>Every algorithm that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [RS256, ES256];
}

/// <summary>The scopes that OpenID Connect Core defines (§5.4, §11), which every installation serves.</summary>
public static class StandardScopes
{
    /// <summary>Makes a request an OpenID Connect request.</summary>
    public const string OpenId = "openid";

    /// <summary>Asks for a refresh token.</summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>Every standard scope.</summary>
    public static IReadOnlyList<string> All { get; } = [OpenId, "profile", "email", "address", "phone", OfflineAccess];
}

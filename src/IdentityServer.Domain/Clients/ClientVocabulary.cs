using IdentityServer.Domain.Sessions;

namespace IdentityServer.Domain.Clients;

/// <summary>How a client proves who it is at the token endpoint and its neighbours (RFC 7591 §2, <c>token_endpoint_auth_method</c>).</summary>
public static class ClientAuthenticationMethods
{
    /// <summary>HTTP Basic (RFC 6749 §2.3.1).</summary>
    public const string Basic = "client_secret_basic";

    /// <summary>Credentials in the form body (RFC 6749 §2.3.1).</summary>
    public const string Post = "client_secret_post";

    /// <summary>A JWT that the client signs with a key of its own (RFC 7523 §2.2, OpenID Connect Core §9): nothing secret is shared.</summary>
    public const string PrivateKeyJwt = "private_key_jwt";

    /// <summary>A public client: it has no secret, PKCE protects its codes.</summary>
    public const string None = "none";

    /// <summary>Every method that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [Basic, Post, PrivateKeyJwt, None];
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

    /// <summary>RSASSA-PSS with SHA-256, which the financial-grade profiles ask for where they do not ask for ES256.</summary>
    public const string PS256 = "PS256";

    /// <summary>Every algorithm that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [RS256, ES256, PS256];
}

/// <summary>The signatures of clients that are taken, on assertions and on request objects: asymmetric ones only (RFC 9700 §2.5).</summary>
public static class ClientSigningAlgorithms
{
    /// <summary>RSA with PKCS #1 v1.5 padding.</summary>
    public const string RS256 = "RS256";

    /// <summary>RSA with PSS padding.</summary>
    public const string PS256 = "PS256";

    /// <summary>ECDSA on P-256.</summary>
    public const string ES256 = "ES256";

    /// <summary>Every algorithm that is taken.</summary>
    public static IReadOnlyList<string> All { get; } = [RS256, PS256, ES256];
}

/// <summary>Which subject a client sees (OpenID Connect Core §8).</summary>
public static class SubjectTypes
{
    /// <summary>The same for every client.</summary>
    public const string Public = "public";

    /// <summary>One for each sector, so that clients of different ones cannot compare notes.</summary>
    public const string Pairwise = "pairwise";

    /// <summary>Every type that a client may register.</summary>
    public static IReadOnlyList<string> All { get; } = [Public, Pairwise];
}

/// <summary>The longest that tokens live. A client may have shorter times, never longer ones.</summary>
public static class TokenLifetimes
{
    /// <summary>The shortest time that a client may ask for.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>An access token.</summary>
    public static readonly TimeSpan AccessToken = TimeSpan.FromMinutes(15);

    /// <summary>A refresh token that nobody uses.</summary>
    public static readonly TimeSpan IdleRefreshToken = TimeSpan.FromDays(7);

    /// <summary>All refresh tokens of a sign-in, however often they are used: then both steps are due again.</summary>
    public static readonly TimeSpan RefreshToken = SessionPolicy.Lifetime;
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

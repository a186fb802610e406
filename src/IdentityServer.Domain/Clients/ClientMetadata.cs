using System.Text.Json;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// What a client says about itself, under the names of RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9126 §6, RFC 9101
/// §10.5 and the three OpenID Connect logout specifications, plus members of ours. One set of rules serves every way in: configuration,
/// import, API.
/// </summary>
public sealed record ClientMetadata
{
    /// <summary><c>client_id</c>; null to have one made.</summary>
    public string? ClientId { get; init; }

    /// <summary><c>client_secret</c>, when it was made elsewhere; null to have one made.</summary>
    public ClientSecret? ClientSecret { get; init; }

    /// <summary><c>client_name</c>: what people are shown.</summary>
    public string? ClientName { get; init; }

    /// <summary><c>application_type</c>, one of <see cref="ClientApplicationTypes"/>.</summary>
    public string ApplicationType { get; init; } = ClientApplicationTypes.Web;

    /// <summary><c>redirect_uris</c>.</summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    /// <summary><c>post_logout_redirect_uris</c>.</summary>
    public IReadOnlyList<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary><c>token_endpoint_auth_method</c>, one of <see cref="ClientAuthenticationMethods"/>.</summary>
    public string TokenEndpointAuthMethod { get; init; } = ClientAuthenticationMethods.Basic;

    /// <summary><c>token_endpoint_auth_signing_alg</c>, one of <see cref="ClientSigningAlgorithms"/>; null for any that the key fits.</summary>
    public string? TokenEndpointAuthSigningAlg { get; init; }

    /// <summary><c>jwks</c>: the client's public keys (RFC 7517 §5).</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary><c>jwks_uri</c>: where they are published; never beside <see cref="Jwks"/>.</summary>
    public string? JwksUri { get; init; }

    /// <summary><c>grant_types</c>; null for what the scopes need.</summary>
    public IReadOnlyList<string>? GrantTypes { get; init; }

    /// <summary><c>response_types</c>; null for what the grants need.</summary>
    public IReadOnlyList<string>? ResponseTypes { get; init; }

    /// <summary><c>scope</c>, space-separated; null for every standard scope that the grants can use.</summary>
    public string? Scope { get; init; }

    /// <summary><c>id_token_signed_response_alg</c>, one of <see cref="IdTokenAlgorithms"/>.</summary>
    public string IdTokenSignedResponseAlg { get; init; } = IdTokenAlgorithms.RS256;

    /// <summary><c>userinfo_signed_response_alg</c>, one of <see cref="IdTokenAlgorithms"/>; null for plain JSON.</summary>
    public string? UserInfoSignedResponseAlg { get; init; }

    /// <summary><c>request_object_signing_alg</c>, one of <see cref="ClientSigningAlgorithms"/>; null for any that the key fits.</summary>
    public string? RequestObjectSigningAlg { get; init; }

    /// <summary><c>request_uris</c>: whence request objects may be fetched.</summary>
    public IReadOnlyList<string> RequestUris { get; init; } = [];

    /// <summary><c>require_signed_request_object</c> (RFC 9101 §10.5).</summary>
    public bool RequireSignedRequestObject { get; init; }

    /// <summary><c>subject_type</c>, one of <see cref="SubjectTypes"/>.</summary>
    public string SubjectType { get; init; } = SubjectTypes.Public;

    /// <summary><c>sector_identifier_uri</c>: a document that lists the redirect URIs of clients that see the same pairwise subjects.</summary>
    public string? SectorIdentifierUri { get; init; }

    /// <summary><c>require_pushed_authorization_requests</c> (RFC 9126 §6).</summary>
    public bool RequirePushedAuthorizationRequests { get; init; }

    /// <summary><c>require_pkce</c>, ours: without it every authorization code is bound to a PKCE challenge.</summary>
    public bool RequirePkce { get; init; } = true;

    /// <summary><c>default_max_age</c>, in seconds.</summary>
    public int? DefaultMaxAge { get; init; }

    /// <summary><c>require_auth_time</c>. Every id_token carries <c>auth_time</c> anyway.</summary>
    public bool RequireAuthTime { get; init; }

    /// <summary><c>default_acr_values</c>: only ours can be asked for, and every sign-in has it.</summary>
    public IReadOnlyList<string> DefaultAcrValues { get; init; } = [];

    /// <summary><c>backchannel_logout_uri</c>: told by our server when a session ends (Back-Channel Logout 1.0 §2.2).</summary>
    public string? BackchannelLogoutUri { get; init; }

    /// <summary><c>backchannel_logout_session_required</c>. Every logout token carries <c>sid</c> anyway.</summary>
    public bool BackchannelLogoutSessionRequired { get; init; }

    /// <summary><c>frontchannel_logout_uri</c>: loaded by the person's browser when they sign out (Front-Channel Logout 1.0 §2).</summary>
    public string? FrontchannelLogoutUri { get; init; }

    /// <summary><c>frontchannel_logout_session_required</c>. Every such address is given <c>iss</c> and <c>sid</c> anyway.</summary>
    public bool FrontchannelLogoutSessionRequired { get; init; }

    /// <summary><c>access_token_lifetime</c>, ours, in seconds: shorter than everybody's, never longer.</summary>
    public int? AccessTokenLifetime { get; init; }

    /// <summary><c>refresh_token_lifetime</c>, ours, in seconds from the sign-in: shorter than everybody's, never longer.</summary>
    public int? RefreshTokenLifetime { get; init; }

    /// <summary><c>refresh_token_idle_lifetime</c>, ours, in seconds without use: shorter than everybody's, never longer.</summary>
    public int? RefreshTokenIdleLifetime { get; init; }

    /// <summary><c>initiate_login_uri</c> (OpenID Connect Core §4).</summary>
    public string? InitiateLoginUri { get; init; }

    /// <summary><c>client_uri</c>: the client's home page.</summary>
    public string? ClientUri { get; init; }

    /// <summary>
    /// <c>logo_uri</c>: kept and given back. What is there could change after an approval: people are shown what was taken from there once.
    /// </summary>
    public string? LogoUri { get; init; }

    /// <summary><c>policy_uri</c>.</summary>
    public string? PolicyUri { get; init; }

    /// <summary><c>tos_uri</c>.</summary>
    public string? TosUri { get; init; }

    /// <summary><c>contacts</c>: whom the operator can write to.</summary>
    public IReadOnlyList<string> Contacts { get; init; } = [];

    /// <summary><c>software_id</c>.</summary>
    public string? SoftwareId { get; init; }

    /// <summary><c>software_version</c>.</summary>
    public string? SoftwareVersion { get; init; }

    /// <summary><c>first_party</c>, ours: the operator's own, so people are not asked for consent.</summary>
    public bool FirstParty { get; init; }

    /// <summary><c>verified</c>, ours: the operator knows who is behind the name, so it may stand in mails.</summary>
    public bool Verified { get; init; }

    /// <summary>
    /// <c>introspects</c>, ours: the resources that the client stands for. It may introspect access tokens that are for one of them
    /// (RFC 7662 §4), beside its own.
    /// </summary>
    public IReadOnlyList<string> Introspects { get; init; } = [];

    /// <summary>Every member that a client may have, and what it holds.</summary>
    public static IReadOnlyDictionary<string, MetadataKind> Members => ClientMetadataJson.Members;

    /// <summary>Whether the client keeps no secret.</summary>
    public bool IsPublic => string.Equals(TokenEndpointAuthMethod, ClientAuthenticationMethods.None, StringComparison.Ordinal);

    /// <summary>Whether the client proves itself by a secret that it shares with us.</summary>
    public bool HasSecret => TokenEndpointAuthMethod is ClientAuthenticationMethods.Basic or ClientAuthenticationMethods.Post;

    /// <summary>Whether we can find keys of the client.</summary>
    public bool HasKeys => Jwks is not null || JwksUri is not null;

    /// <summary>Whose pairwise subjects the client sees (OpenID Connect Core §8.1): a host; null for a client that sees public ones.</summary>
    public string? Sector => SubjectType == SubjectTypes.Pairwise && (SectorIdentifierUri ?? (RedirectUris.Count > 0 ? RedirectUris[0] : null)) is { } address
        ? new Uri(address, UriKind.Absolute).IdnHost
        : null;

    /// <summary>The scopes one by one.</summary>
    public IReadOnlyList<string> Scopes => Scope?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>
    /// The origins of pages that may call the endpoints from a browser: those that a public web client has people sent back to. A client
    /// with a secret keeps it on its server and calls from there; a native application is no page.
    /// </summary>
    public IReadOnlyList<string> PageOrigins => IsPublic && string.Equals(ApplicationType, ClientApplicationTypes.Web, StringComparison.Ordinal)
        ? [.. RedirectUris.Select(WebOrigin.Of).OfType<string>().Distinct(StringComparer.Ordinal)]
        : [];

    /// <summary>Reads metadata that somebody sent, and judges it. Members that mean nothing here are refused by name.</summary>
    /// <returns>All problems at once, or the metadata with its defaults.</returns>
    public static ClientMetadataVerdict Parse(JsonElement json)
    {
        var problems = new List<MetadataProblem>();
        var metadata = ClientMetadataJson.Read(json, problems);
        problems.AddRange(ClientMetadataRules.Broken(metadata.WithDefaults(), problems));
        return problems.Count == 0 ? new ClientMetadataVerdict.Accepted(metadata.WithDefaults()) : new ClientMetadataVerdict.Refused(problems);
    }

    /// <summary>Judges metadata that was put together in code.</summary>
    public ClientMetadataVerdict Judge()
    {
        var problems = ClientMetadataRules.Broken(WithDefaults(), []);
        return problems.Count == 0 ? new ClientMetadataVerdict.Accepted(WithDefaults()) : new ClientMetadataVerdict.Refused(problems);
    }

    /// <summary>Reads metadata that was judged when it was stored.</summary>
    /// <exception cref="FormatException">The stored text was damaged.</exception>
    public static ClientMetadata Restore(JsonElement json)
    {
        var problems = new List<MetadataProblem>();
        var metadata = ClientMetadataJson.Read(json, problems);
        return problems.Count == 0 ? metadata.WithDefaults() : throw new FormatException($"Stored client metadata: {problems[0]}");
    }

    /// <summary>The metadata under its standard names. The secret is never part of it.</summary>
    public JsonElement ToJson() => ClientMetadataJson.Write(this);

    internal ClientMetadata WithDefaults()
    {
        // RFC 7591 §2: a client that names no grants uses the authorization code; asking for offline_access needs refresh tokens too. A
        // resource server that nobody is sent back to asks for nothing.
        var grants = GrantTypes
            ?? (Introspects.Count > 0 && RedirectUris.Count == 0 ? Array.Empty<string>() : null)
            ?? (Scopes.Contains(StandardScopes.OfflineAccess)
                ? [ClientGrantTypes.AuthorizationCode, ClientGrantTypes.RefreshToken]
                : [ClientGrantTypes.AuthorizationCode]);
        var code = grants.Contains(ClientGrantTypes.AuthorizationCode);
        return this with
        {
            GrantTypes = grants,
            ResponseTypes = ResponseTypes ?? (code ? ["code"] : []),
            Scope = string.Join(' ', Scope is null && code ? StandardScopesFor(grants) : Scopes),
        };
    }

    private static IEnumerable<string> StandardScopesFor(IReadOnlyList<string> grants) =>
        StandardScopes.All.Where(scope => scope != StandardScopes.OfflineAccess || grants.Contains(ClientGrantTypes.RefreshToken));
}

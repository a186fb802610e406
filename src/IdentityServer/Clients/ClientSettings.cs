using System.Collections.Frozen;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Clients;

/// <summary>What the rest of the house may know of a client: parsed once, immutable, shared between requests.</summary>
internal sealed record ClientSettings
{
    private ClientSettings()
    {
    }

    /// <summary>The row's key, which tokens and authorizations refer to; never seen outside.</summary>
    public required string Id { get; init; }

    /// <summary>The <c>client_id</c>.</summary>
    public required string ClientId { get; init; }

    /// <summary>What people are shown: the registered name, or the <c>client_id</c> of a client without one. At most 100 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The operator's own: no consent is asked.</summary>
    public required bool FirstParty { get; init; }

    /// <summary>The operator vouches for the name: it may stand in mails.</summary>
    public required bool Verified { get; init; }

    /// <summary>Whether the client has no secret.</summary>
    public required bool IsPublic { get; init; }

    /// <summary>One of <see cref="ClientApplicationTypes"/>.</summary>
    public required string ApplicationType { get; init; }

    /// <summary>The one method that the client may authenticate by; one of <see cref="ClientAuthenticationMethods"/>.</summary>
    public required string TokenEndpointAuthMethod { get; init; }

    /// <summary>One of <see cref="IdTokenAlgorithms"/>.</summary>
    public required string IdTokenSigningAlgorithm { get; init; }

    /// <summary>Authorization requests must be pushed (RFC 9126).</summary>
    public required bool RequirePar { get; init; }

    /// <summary>Authorization requests must carry a PKCE challenge.</summary>
    public required bool RequirePkce { get; init; }

    /// <summary>How long an access token lives.</summary>
    public required TimeSpan AccessTokenLifetime { get; init; }

    /// <summary>How long after the sign-in refresh tokens end, however often they are used.</summary>
    public required TimeSpan RefreshTokenLifetime { get; init; }

    /// <summary>How long a refresh token lives that nobody uses.</summary>
    public required TimeSpan RefreshTokenIdleLifetime { get; init; }

    /// <summary>Whose pairwise subjects the client sees (OpenID Connect Core §8.1): a host; null for a client that sees public ones.</summary>
    public required string? Sector { get; init; }

    /// <summary>The <c>max_age</c> of a request that names none.</summary>
    public required TimeSpan? DefaultMaxAge { get; init; }

    public required FrozenSet<string> GrantTypes { get; init; }

    /// <summary>Every scope that the client may ask for.</summary>
    public required FrozenSet<string> AllowedScopes { get; init; }

    /// <summary>The resources whose tokens the client may introspect.</summary>
    public required FrozenSet<string> Introspects { get; init; }

    public required IReadOnlyList<RedirectUri> RedirectUris { get; init; }

    public required IReadOnlyList<RedirectUri> PostLogoutRedirectUris { get; init; }

    /// <summary>Where a sign-in that starts elsewhere is sent (OpenID Connect Core §4).</summary>
    public required string? InitiateLoginUri { get; init; }

    public required string? ClientUri { get; init; }

    /// <summary>Kept and given back; people see what is there once it is taken from there, and not what is there later.</summary>
    public required string? LogoUri { get; init; }

    /// <summary>A logo is stored: uploaded, or taken from <see cref="LogoUri"/>. Known of clients from the cache only.</summary>
    public bool HasStoredLogo { get; init; }

    public required string? PolicyUri { get; init; }

    public required string? TosUri { get; init; }

    /// <summary>Everything as it was registered, without the secret.</summary>
    public required ClientMetadata Metadata { get; init; }

    public static ClientSettings From(string id, ClientMetadata metadata) => new()
    {
        Id = id,
        ClientId = metadata.ClientId!,
        Name = metadata.ClientName ?? metadata.ClientId!,
        FirstParty = metadata.FirstParty,
        Verified = metadata.Verified,
        IsPublic = metadata.IsPublic,
        ApplicationType = metadata.ApplicationType,
        TokenEndpointAuthMethod = metadata.TokenEndpointAuthMethod,
        IdTokenSigningAlgorithm = metadata.IdTokenSignedResponseAlg,
        RequirePar = metadata.RequirePushedAuthorizationRequests,
        RequirePkce = metadata.RequirePkce,
        AccessTokenLifetime = Seconds(metadata.AccessTokenLifetime) ?? TokenLifetimes.AccessToken,
        RefreshTokenLifetime = Seconds(metadata.RefreshTokenLifetime) ?? TokenLifetimes.RefreshToken,
        RefreshTokenIdleLifetime = Seconds(metadata.RefreshTokenIdleLifetime) ?? TokenLifetimes.IdleRefreshToken,
        Sector = metadata.Sector,
        DefaultMaxAge = Seconds(metadata.DefaultMaxAge),
        GrantTypes = metadata.GrantTypes!.ToFrozenSet(StringComparer.Ordinal),
        AllowedScopes = metadata.Scopes.ToFrozenSet(StringComparer.Ordinal),
        Introspects = metadata.Introspects.ToFrozenSet(StringComparer.Ordinal),
        RedirectUris = Restore(metadata.RedirectUris, metadata.ApplicationType),
        PostLogoutRedirectUris = Restore(metadata.PostLogoutRedirectUris, metadata.ApplicationType),
        InitiateLoginUri = metadata.InitiateLoginUri,
        ClientUri = metadata.ClientUri,
        LogoUri = metadata.LogoUri,
        PolicyUri = metadata.PolicyUri,
        TosUri = metadata.TosUri,
        Metadata = metadata,
    };

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;

    private static RedirectUri[] Restore(IReadOnlyList<string> uris, string applicationType) =>
        [.. uris.Select(uri => RedirectUri.Restore(uri, applicationType))];
}

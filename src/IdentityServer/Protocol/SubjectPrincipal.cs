using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Entities;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Protocol;

/// <summary>The one place where what tokens say of a person is put together: protocol claims only, no name and no address.</summary>
internal static class SubjectPrincipal
{
    /// <summary>The claim that names the session (OpenID Connect Front-Channel Logout 1.0 §3).</summary>
    public const string SessionId = "sid";

    /// <summary>The principal of a session, for the scopes that were granted.</summary>
    /// <param name="session">The open session.</param>
    /// <param name="scopes">What was granted.</param>
    /// <param name="resources">The resources that the grant covers (RFC 8707); the server itself is covered anyway.</param>
    public static ClaimsPrincipal Of(AuthenticationSession session, ImmutableArray<string> scopes, IReadOnlyList<string> resources)
    {
        var identity = new ClaimsIdentity("IdentityServer", Claims.Name, Claims.Role);
        identity.AddClaim(new Claim(Claims.Subject, session.UserId.ToString("D")));
        identity.AddClaim(ForIdToken(new Claim(SessionId, session.Id.ToString("N"))));
        identity.AddClaim(ForBothTokens(new Claim(
            Claims.AuthenticationTime,
            session.AuthenticatedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ClaimValueTypes.Integer64)));
        identity.AddClaim(ForBothTokens(new Claim(Claims.AuthenticationContextReference, AuthenticationContext.Acr)));
        foreach (var method in AuthenticationContext.Amr)
        {
            identity.AddClaim(ForIdToken(new Claim(Claims.AuthenticationMethodReference, method)));
        }

        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes(scopes);
        principal.SetResources([.. resources]);
        return principal;
    }

    // RFC 9068 §2.2.1: an API may ask for a sign-in that is fresh.
    private static Claim ForBothTokens(Claim claim) => claim.SetDestinations(Destinations.IdentityToken, Destinations.AccessToken);

    private static Claim ForIdToken(Claim claim) => claim.SetDestinations(Destinations.IdentityToken);
}

using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// A request that another site posts (RP-Initiated Logout 1.0 §2 lets clients do so) comes without our cookies, which are
/// <c>SameSite=Lax</c>: whose browser it is cannot be seen, and nothing may be decided yet. Sent on by 303, the browser asks the same by
/// GET and brings its cookies along.
/// </summary>
internal static class CrossSitePost
{
    // Proxies and servers take a request line of 8 KB.
    private const int LongestQuery = 6_000;

    private static readonly string[] Carried =
    [
        Parameters.IdTokenHint, Parameters.ClientId, Parameters.PostLogoutRedirectUri, Parameters.State, "logout_hint", Parameters.UiLocales,
    ];

    /// <summary>The address that asks the same; null when it would be too long for a server on the way.</summary>
    public static string? AsGet(OpenIddictRequest request)
    {
        var query = QueryString.Empty;
        foreach (var name in Carried)
        {
            if ((string?)request.GetParameter(name) is { Length: > 0 } value)
            {
                query = query.Add(name, value);
            }
        }

        return query.Value?.Length > LongestQuery ? null : "/connect/endsession" + query;
    }
}

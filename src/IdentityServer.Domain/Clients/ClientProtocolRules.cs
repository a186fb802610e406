using System.Globalization;
using IdentityServer.Domain.Sessions;

namespace IdentityServer.Domain.Clients;

/// <summary>The rules for request objects, pairwise subjects, logout and lifetimes.</summary>
internal static class ClientProtocolRules
{
    public static void Check(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        CheckRequests(metadata, problems);
        CheckSubject(metadata, problems);
        CheckLogout(metadata, problems);
        CheckLifetime("access_token_lifetime", metadata.AccessTokenLifetime, TokenLifetimes.AccessToken, problems);
        CheckLifetime("refresh_token_lifetime", metadata.RefreshTokenLifetime, TokenLifetimes.RefreshToken, problems);
        CheckLifetime("refresh_token_idle_lifetime", metadata.RefreshTokenIdleLifetime, TokenLifetimes.IdleRefreshToken, problems);
    }

    private static void CheckRequests(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        MetadataChecks.Count("request_uris", metadata.RequestUris, problems);
        for (var i = 0; i < metadata.RequestUris.Count; i++)
        {
            // A fragment may tell versions of the document apart (OpenID Connect Dynamic Client Registration 1.0 §2).
            MetadataChecks.Link($"request_uris[{i}]", WithoutFragment(metadata.RequestUris[i]), loopbackHttp: true, problems);
        }

        for (var i = 0; i < metadata.DefaultAcrValues.Count; i++)
        {
            MetadataChecks.Choice($"default_acr_values[{i}]", metadata.DefaultAcrValues[i], [AuthenticationContext.Acr], null, problems);
        }
    }

    private static string WithoutFragment(string uri) => uri.Split('#')[0];

    private static void CheckSubject(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        MetadataChecks.Link("sector_identifier_uri", metadata.SectorIdentifierUri, loopbackHttp: false, problems);
        if (metadata.SubjectType == SubjectTypes.Pairwise && metadata.SectorIdentifierUri is null && HostsOf(metadata.RedirectUris).Count() > 1
            && metadata.RedirectUris.All(uri => uri.StartsWith("https://", StringComparison.OrdinalIgnoreCase)))
        {
            problems.Add(new(
                "sector_identifier_uri",
                "is missing for a client with pairwise subjects whose redirect_uris have several hosts",
                "Publish a JSON list of the redirect URIs over https, and give its address (OpenID Connect Core §8.1)."));
        }

        // The host of an app's own scheme is whatever the app says, and loopback addresses are everybody's: neither tells sectors apart.
        if (metadata.SubjectType == SubjectTypes.Pairwise && metadata.SectorIdentifierUri is null
            && metadata.RedirectUris.Any(uri => !uri.StartsWith("https://", StringComparison.OrdinalIgnoreCase)))
        {
            problems.Add(new(
                "sector_identifier_uri",
                "is missing for a client with pairwise subjects and a redirect URI that is not https",
                "Publish a JSON list of the redirect URIs over https, and give its address (OpenID Connect Core §8.1)."));
        }

        if (metadata.SubjectType == SubjectTypes.Pairwise && metadata.RedirectUris.Count == 0)
        {
            problems.Add(new("subject_type", "is pairwise for a client that signs nobody in", "Leave it out."));
        }
    }

    private static void CheckLogout(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        MetadataChecks.Link("backchannel_logout_uri", metadata.BackchannelLogoutUri, loopbackHttp: true, problems);
        MetadataChecks.Link("frontchannel_logout_uri", metadata.FrontchannelLogoutUri, loopbackHttp: true, problems);
        if (metadata.FrontchannelLogoutUri is { } address && !problems.Exists(problem => problem.Field == "frontchannel_logout_uri")
            && !metadata.RedirectUris.Any(uri => SameOrigin(uri, address)))
        {
            problems.Add(new(
                "frontchannel_logout_uri",
                "has another scheme, host or port than every redirect URI",
                "Serve it where people are sent back to (OpenID Connect Front-Channel Logout 1.0 §2)."));
        }

        RequireAddress("backchannel_logout_session_required", metadata.BackchannelLogoutSessionRequired, "backchannel_logout_uri", metadata.BackchannelLogoutUri, problems);
        RequireAddress("frontchannel_logout_session_required", metadata.FrontchannelLogoutSessionRequired, "frontchannel_logout_uri", metadata.FrontchannelLogoutUri, problems);
    }

    private static void RequireAddress(string flag, bool required, string field, string? address, List<MetadataProblem> problems)
    {
        if (required && address is null)
        {
            problems.Add(new(flag, $"is true without {field}", $"Give {field}, or leave it out."));
        }
    }

    private static void CheckLifetime(string field, int? seconds, TimeSpan longest, List<MetadataProblem> problems)
    {
        if (seconds is { } given && (given < TokenLifetimes.Shortest.TotalSeconds || given > longest.TotalSeconds))
        {
            problems.Add(new(
                field,
                string.Create(CultureInfo.InvariantCulture, $"is not {TokenLifetimes.Shortest.TotalSeconds} to {longest.TotalSeconds} seconds"),
                "Lifetimes can only be made shorter than the server's: leave it out for those."));
        }
    }

    private static IEnumerable<string> HostsOf(IReadOnlyList<string> uris) =>
        uris.Select(uri => Uri.TryCreate(uri, UriKind.Absolute, out var parsed) ? parsed.Host : "").Distinct(StringComparer.OrdinalIgnoreCase);

    private static bool SameOrigin(string one, string other) =>
        Uri.TryCreate(one, UriKind.Absolute, out var left) && Uri.TryCreate(other, UriKind.Absolute, out var right)
        && left.GetLeftPart(UriPartial.Authority).Equals(right.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}

namespace IdentityServer.Protocol.Authorization;

/// <summary>A redirect URI in the words of a page.</summary>
internal static class RedirectTarget
{
    /// <summary>
    /// Where it leads, as short as a person can judge it: the host, or the scheme of one that an app on the device answers to. Hosts
    /// stand in their ASCII form, in which no letter can pass for another.
    /// </summary>
    public static string NameOf(string redirectUri)
    {
        var uri = new Uri(redirectUri, UriKind.Absolute);
        return uri.Scheme is "https" or "http" ? uri.IdnHost : uri.Scheme;
    }
}

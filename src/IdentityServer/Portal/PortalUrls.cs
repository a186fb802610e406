namespace IdentityServer.Portal;

/// <summary>The addresses of the portal's pages.</summary>
internal static class PortalUrls
{
    /// <summary>Where the portal begins.</summary>
    public const string Home = "/portal";

    /// <summary>Where a client is registered.</summary>
    public const string New = "/portal/new";

    /// <summary>Where administrators find the clients that wait for them.</summary>
    public const string Approvals = "/portal/approvals";

    /// <summary>A page of a client.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="page">Which, such as <c>secrets</c>; empty for the first.</param>
    /// <param name="done">What has just been done there; null for nothing.</param>
    public static string Client(string clientId, string page = "", string? done = null)
    {
        var address = $"{Home}/clients/{Uri.EscapeDataString(clientId)}" + (page.Length == 0 ? "" : "/" + page);
        return done is null ? address : $"{address}?done={done}";
    }
}

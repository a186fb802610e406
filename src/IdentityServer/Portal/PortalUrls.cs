using IdentityServer.Clients.Showing;

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

    /// <summary>The most bytes of a form with a file in it. A file somewhat too large is told so by its page; what is larger, the server cuts off.</summary>
    public const int LargestUpload = 2 * LogoDrawing.LargestFile;

    /// <summary>Whether an address takes a form with a file in it: the one of a client's logo.</summary>
    public static bool TakesFile(PathString path) =>
        path.StartsWithSegments(Home + "/clients", StringComparison.Ordinal, out var rest) && rest.Value!.Split('/') is ["", _, "logo"];

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

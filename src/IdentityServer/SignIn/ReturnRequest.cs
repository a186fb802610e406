using IdentityServer.Domain.Clients;
using IdentityServer.Languages;

namespace IdentityServer.SignIn;

/// <summary>
/// Where a sign-in goes back to: the stored authorization request of a client, or a page of ours. There is no return URL to redirect to,
/// only a reference to what the server keeps, or one of a few pages by name, so no input can lead elsewhere.
/// </summary>
/// <param name="ClientId">The client that sent the person here, if one did.</param>
/// <param name="RequestUri">The stored request (RFC 9126 §2.2), if there is one.</param>
/// <param name="UiLocale">The language that the client wished for, if there is one of ours among its wishes.</param>
/// <param name="Page">The page of ours that asked for the sign-in, if one did.</param>
internal sealed record ReturnRequest(string? ClientId, string? RequestUri, string? UiLocale = null, string? Page = null)
{
    private const string PageName = "then";

    private const string RequestUriPrefix = "urn:ietf:params:oauth:request_uri:";

    // The pages that ask for a sign-in: another room's, which are known here by their address alone.
    private static readonly string[] _pages =
        ["/account", "/account/profile", "/account/password", "/account/address", "/account/sessions", "/account/apps", "/account/activity",
         "/account/data", "/account/delete"];

    private const string Portal = "/portal";

    // Its pages are as many as there are clients, so they are known by what they are made of: nothing that leads elsewhere.
    private const int LongestPortalPage = 200;

    // Ours are much shorter; rows that keep one have room for this much.
    private const int LongestRequestUri = 256;

    /// <summary>Takes what the query says if it has the form of a reference of ours, else nothing.</summary>
    public static ReturnRequest Of(string? clientId, string? requestUri, string? uiLocale = null, string? page = null) =>
        ClientIdentifier.IsWellFormed(clientId) && requestUri is { Length: <= LongestRequestUri }
        && requestUri.StartsWith(RequestUriPrefix, StringComparison.Ordinal) && requestUri.All(c => c is > ' ' and <= '~')
            ? new(clientId, requestUri, uiLocale)
            : new(null, null, uiLocale, IsPortal(page) ? page : Array.Find(_pages, known => known.Equals(page, StringComparison.Ordinal)));

    /// <summary>For a page of ours that needs a sign-in: the nearest one that a sign-in can lead to.</summary>
    public static ReturnRequest ToPage(HttpContext context) => Of(
        null, null, PageWords.Of(context).Wished?.Tag,
        context.Request.Path.StartsWithSegments(Portal, StringComparison.Ordinal)
            ? (IsPortal(context.Request.Path.Value) ? context.Request.Path.Value : Portal)
            : _pages.Where(page => context.Request.Path.StartsWithSegments(page, StringComparison.Ordinal)).MaxBy(page => page.Length));

    // "." alone would be taken for a way up.
    private static bool IsPortal(string? page) =>
        page is { Length: <= LongestPortalPage } && (page == Portal || page.StartsWith(Portal + "/", StringComparison.Ordinal))
        && !page.Contains("//", StringComparison.Ordinal) && !page.Contains("/.", StringComparison.Ordinal)
        && page.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.' or '~');

    /// <summary>Takes what the address of the page under way says, in the same way.</summary>
    public static ReturnRequest Of(HttpContext context) => Of(
        context.Request.Query["client_id"], context.Request.Query["request_uri"], PageWords.Of(context).Wished?.Tag, context.Request.Query[PageName]);

    /// <summary>The local URL to go to when the sign-in is complete: only the authorization endpoint knows what comes next.</summary>
    public string Destination => RequestUri is null ? Page ?? "/" : "/connect/authorize" + (this with { UiLocale = null }).Query();

    /// <summary>The password page for the same request.</summary>
    public string SignInPage(string? reason = null) => "/sign-in" + Query(("reason", reason));

    /// <summary>The code page for a challenge of the same request.</summary>
    public string CodePage(Guid challengeId) => "/sign-in/code" + Query(("challenge", challengeId.ToString("N")));

    /// <summary>The page on which an account is asked for, for the same request.</summary>
    public string SignUpPage(string? reason = null) => "/sign-up" + Query(("reason", reason));

    /// <summary>The page on which a new account's address is confirmed.</summary>
    public string SignUpCodePage(Guid challengeId) => "/sign-up/code" + Query(("challenge", challengeId.ToString("N")));

    /// <summary>The page on which a new password is asked for, for the same request.</summary>
    public string ResetPage(string? reason = null) => "/reset" + Query(("reason", reason));

    /// <summary>The page on which the new password is chosen.</summary>
    public string ResetCodePage(Guid challengeId) => "/reset/code" + Query(("challenge", challengeId.ToString("N")));

    private string Query(params ReadOnlySpan<(string Name, string? Value)> more)
    {
        var query = QueryString.Empty;
        foreach (var (name, value) in more)
        {
            query = value is null ? query : query.Add(name, value);
        }

        query = RequestUri is null ? query : query.Add("client_id", ClientId!).Add("request_uri", RequestUri);
        query = Page is null ? query : query.Add(PageName, Page);
        return (UiLocale is null ? query : query.Add(PageWords.UiLocales, UiLocale)).ToString();
    }
}

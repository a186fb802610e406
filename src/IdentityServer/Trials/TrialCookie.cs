using IdentityServer.Sessions;

namespace IdentityServer.Trials;

/// <summary>
/// Points the browser that began a run to it, so that an answer counts in that browser only: nobody can have somebody else sign in for them,
/// nor finish another's run. It opens nothing: whoever looks at a run must be signed in as its owner.
/// </summary>
internal static class TrialCookie
{
    private const string Name = "idsrv.trial";

    /// <summary>Points the browser to a run; the last one that it began counts.</summary>
    public static void Remember(HttpContext context, HandleCookie handle) =>
        context.Response.Cookies.Append(HandleCookie.NameOf(context, Name), handle.Reveal(), HandleCookie.Options(context, TrialRuns.Lifetime));

    /// <summary>Where this browser points; null for nowhere.</summary>
    public static HandleCookie? Find(HttpContext context) =>
        HandleCookie.TryParse(context.Request.Cookies[HandleCookie.NameOf(context, Name)], out var handle) ? handle : null;

    /// <summary>Lets the browser point nowhere.</summary>
    public static void Forget(HttpContext context) =>
        context.Response.Cookies.Delete(HandleCookie.NameOf(context, Name), HandleCookie.Options(context));
}

using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Sessions;

namespace IdentityServer.SignIn;

/// <summary>
/// The browser's half of a challenge that waits for its code: one cookie per challenge, no subject in it, and nothing but the pages that
/// take codes read it. It is no authentication scheme: shown anywhere else, it means nothing.
/// </summary>
internal static class PendingSignIn
{
    private const string Prefix = "idsrv.pending.";

    /// <summary>Gives this browser the handle of the challenge that it has just asked for.</summary>
    public static void Remember(HttpContext context, HandleCookie handle) =>
        context.Response.Cookies.Append(NameOf(context, handle.Id), handle.Reveal(), HandleCookie.Options(context, ChallengePolicy.Lifetime));

    /// <summary>The browser's handle for a challenge, if it holds one.</summary>
    public static HandleCookie? Find(HttpContext context, Guid challengeId) =>
        HandleCookie.TryParse(context.Request.Cookies[NameOf(context, challengeId)], out var handle) && handle.Id == challengeId
            ? handle
            : null;

    /// <summary>The hashes of all handles that this browser holds.</summary>
    public static IReadOnlyCollection<byte[]> Hashes(HttpContext context)
    {
        var prefix = HandleCookie.NameOf(context, Prefix);
        return [.. context.Request.Cookies
            .Where(cookie => cookie.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Take(64)
            .Select(cookie => HandleCookie.TryParse(cookie.Value, out var handle) ? handle.Hash : null)
            .OfType<byte[]>()];
    }

    /// <summary>Takes the handle of a challenge that is over from the browser.</summary>
    public static void Forget(HttpContext context, Guid challengeId) =>
        context.Response.Cookies.Delete(NameOf(context, challengeId), HandleCookie.Options(context));

    private static string NameOf(HttpContext context, Guid challengeId) => HandleCookie.NameOf(context, Prefix + challengeId.ToString("N"));
}

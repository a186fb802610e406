using IdentityServer.Languages;
using IdentityServer.Sessions;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Account;

/// <summary>A browser in which somebody is signed in: the sessions that it opened in a row end together, so they are shown as one.</summary>
/// <param name="Family">What they share.</param>
/// <param name="Name">Browser and system, in words.</param>
/// <param name="Network">Where the last sign-in came from.</param>
/// <param name="SignedInAt">When that was.</param>
/// <param name="LastUsedAt">When an application was last given something through it.</param>
/// <param name="IsThis">It is the browser that asks.</param>
internal sealed record SignedInBrowser(
    Guid Family, string Name, string Network, DateTimeOffset SignedInAt, DateTimeOffset LastUsedAt, bool IsThis)
{
    /// <summary>Puts sessions of one family together.</summary>
    public static SignedInBrowser Of(IReadOnlyList<OpenSession> sessions, Words words, Guid own)
    {
        var latest = sessions.MaxBy(session => session.AuthenticatedAt)!;
        return new(
            latest.FamilyId,
            BrowserName.Say(words, latest.Browser),
            latest.Network ?? "",
            latest.AuthenticatedAt,
            sessions.Max(session => session.LastUsedAt),
            latest.FamilyId == own);
    }
}

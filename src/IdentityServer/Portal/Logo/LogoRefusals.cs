using System.Diagnostics;
using IdentityServer.Clients.Showing;

namespace IdentityServer.Portal.Logo;

/// <summary>Says why a file did not become a logo.</summary>
internal static class LogoRefusals
{
    /// <summary>The key of the sentence.</summary>
    /// <param name="verdict">Any but <see cref="LogoVerdict.Drawn"/>.</param>
    public static string KeyOf(LogoVerdict verdict) => verdict switch
    {
        LogoVerdict.TooLarge => "portal.logo-too-large",
        LogoVerdict.WrongKind => "portal.logo-wrong-kind",
        LogoVerdict.Animated => "portal.logo-animated",
        LogoVerdict.TooManyPixels => "portal.logo-too-many-pixels",
        LogoVerdict.Damaged => "portal.logo-damaged",
        LogoVerdict.NotRead => "portal.logo-not-read",
        _ => throw new UnreachableException($"Unmapped verdict {verdict}."),
    };
}

using IdentityServer.Domain.Networks;
using IdentityServer.Languages;
using IdentityServer.Sessions;

namespace IdentityServer.SignIn;

/// <summary>Where a sign-in comes from, as the mail tells it.</summary>
/// <param name="Network">The network that limits count by (IPv4 /32, IPv6 /64).</param>
/// <param name="Browser">Names of browser and system.</param>
/// <param name="BrowserHashes">Hashes of the pending handles that this browser holds.</param>
/// <param name="Return">Where to go when it is complete.</param>
/// <param name="Language">The language that the page speaks.</param>
/// <param name="Chosen">True when a client chose the language, so that the account's own does not matter.</param>
internal sealed record SignInOrigin(
    string Network, string Browser, IReadOnlyCollection<byte[]> BrowserHashes, ReturnRequest Return, Language Language, bool Chosen)
{
    /// <summary>Reads a request.</summary>
    public static SignInOrigin Of(HttpContext context, ReturnRequest target) => new(
        NetworkAddress.Of(context.Connection.RemoteIpAddress),
        BrowserName.Of(context.Request.Headers.UserAgent),
        PendingSignIn.Hashes(context),
        target,
        PageWords.Of(context).Language,
        PageWords.Of(context).Wished is not null);
}

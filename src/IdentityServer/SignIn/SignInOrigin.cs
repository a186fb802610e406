using IdentityServer.Domain.Networks;

namespace IdentityServer.SignIn;

/// <summary>Where a sign-in comes from, as the mail tells it.</summary>
/// <param name="Network">The network that limits count by (IPv4 /32, IPv6 /64).</param>
/// <param name="Browser">Browser and system in words.</param>
/// <param name="BrowserHashes">Hashes of the pending handles that this browser holds.</param>
/// <param name="Return">Where to go when it is complete.</param>
internal sealed record SignInOrigin(
    string Network, string Browser, IReadOnlyCollection<byte[]> BrowserHashes, ReturnRequest Return)
{
    /// <summary>Reads a request.</summary>
    public static SignInOrigin Of(HttpContext context, ReturnRequest target) => new(
        NetworkAddress.Of(context.Connection.RemoteIpAddress),
        BrowserName.Of(context.Request.Headers.UserAgent),
        PendingSignIn.Hashes(context),
        target);
}

using System.Net;
using IdentityServer.Domain.Networks;

namespace IdentityServer.Egress;

/// <summary>
/// Says where the server may go. What a client registers is a lever for whoever wants our network position: it moves only towards hosts
/// that anybody can reach anyway, and towards those that the operator names.
/// </summary>
/// <param name="options">The operator's exceptions, checked.</param>
/// <param name="development">Whether plain http to this machine is possible, for a listed host.</param>
internal sealed class EgressPolicy(EgressOptions options, bool development)
{
    private const int LongestAddress = 2_048;
    private const int FirstFreePort = 1_024;

    private readonly AllowedHost[] _allowed =
    [
        .. options.AllowedHosts.Select(text => AllowedHost.TryParse(text, out var host) ? host : throw new ArgumentException("A host was not checked.", nameof(options))),
    ];

    /// <summary>Why an address is not asked, before its name is resolved; null when nothing speaks against it.</summary>
    public string? Refusal(Uri address)
    {
        if (!address.IsAbsoluteUri || address.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            return "it is not an absolute address with a host";
        }

        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && development && Listing(address) is not null))
        {
            return "it is not https";
        }

        if (address.UserInfo.Length > 0)
        {
            return "it has a user name in front of the host";
        }

        if (address.Fragment.Length > 0)
        {
            return "it has a fragment (#)";
        }

        if (address.AbsoluteUri.Length > LongestAddress)
        {
            return FormattableString.Invariant($"it is longer than {LongestAddress} characters");
        }

        // The ports below are other protocols' (mail, files, consoles), whose servers a request could make do things; applications that
        // do not run at 443 run above.
        return address.Port is 443 or >= FirstFreePort || Listing(address) is { NamesPort: true } || address.Scheme == Uri.UriSchemeHttp
            ? null
            : FormattableString.Invariant($"its port {address.Port} is neither 443 nor 1024 or above");
    }

    /// <summary>Why none of a host's addresses is connected to; null when each of them may be.</summary>
    /// <param name="address">What is asked, and was not refused before.</param>
    /// <param name="resolved">Every address of its host. One bad one spoils all: a host that names it means no good.</param>
    public string? Refusal(Uri address, IReadOnlyList<IPAddress> resolved)
    {
        var plain = address.Scheme != Uri.UriSchemeHttps;
        var listed = Listing(address) is not null;
        foreach (var candidate in resolved)
        {
            if (plain && !IPAddress.IsLoopback(candidate))
            {
                return $"it is http, and its host resolves to {candidate}, which is not this machine";
            }

            if (!PublicAddress.Covers(candidate) && !(listed && PrivateAddress.Covers(candidate)))
            {
                return $"its host resolves to {candidate}, which is not a public address";
            }
        }

        return null;
    }

    private AllowedHost? Listing(Uri address) => Array.Find(_allowed, host => host.Covers(address));
}

using System.Net;
using IdentityServer.Settings;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace IdentityServer.Hosting;

/// <summary>
/// The section <c>Proxy</c>: who may say, by X-Forwarded-For and X-Forwarded-Proto, where a request came from. From anyone else these
/// headers are ignored.
/// </summary>
internal sealed class ProxyOptions : ISettings
{
    public static string Section => "Proxy";

    /// <summary>Addresses of proxies that end TLS for us.</summary>
    public List<string> KnownAddresses { get; set; } = [];

    /// <summary>Networks in CIDR notation in which every address is such a proxy.</summary>
    public List<string> KnownNetworks { get; set; } = [];

    public bool AnyKnown => KnownAddresses.Count + KnownNetworks.Count > 0;

    public void Check(SettingsCheck check)
    {
        for (var i = 0; i < KnownAddresses.Count; i++)
        {
            check.Require(IsAddress(KnownAddresses[i]), $"{nameof(KnownAddresses)}:{i}", "is not an IP address.", "Give the proxy's address, such as 192.0.2.10.");
        }

        for (var i = 0; i < KnownNetworks.Count; i++)
        {
            check.Require(
                IPNetwork.TryParse(KnownNetworks[i], out var network) && network.PrefixLength > 0,
                $"{nameof(KnownNetworks)}:{i}",
                "is not a network, or is all of them.",
                "Give the proxies' network in CIDR notation, such as 10.1.0.0/16.");
        }
    }

    // "10.1" is an address to the parser, 10.0.0.1, and a mistake to everybody else.
    private static bool IsAddress(string text) => IPAddress.TryParse(text, out _) && (text.Contains(':', StringComparison.Ordinal) || text.Count(letter => letter == '.') == 3);

    /// <summary>Honours the two headers along the chain of known proxies, up to the first sender that is not one.</summary>
    public void Apply(ForwardedHeadersOptions headers)
    {
        headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        headers.ForwardLimit = null;
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        KnownAddresses.ForEach(address => headers.KnownProxies.Add(IPAddress.Parse(address)));
        KnownNetworks.ForEach(network => headers.KnownIPNetworks.Add(IPNetwork.Parse(network)));
    }
}

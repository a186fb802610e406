using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Domain.Networks;

/// <summary>
/// The addresses at which the open internet keeps its hosts. Everything in IANA's two registries of special-purpose addresses (RFC 6890)
/// is something else, whatever its column "globally reachable" says: no client keeps its documents at a 6to4 relay or a DNS sink.
/// </summary>
public static class PublicAddress
{
    private static readonly IPNetwork[] SpecialIPv4 =
    [
        .. Networks(
            "0.0.0.0/8", // this network; Linux takes 0.0.0.0 for this machine (RFC 791)
            "10.0.0.0/8", // private (RFC 1918)
            "100.64.0.0/10", // behind a provider's address translation (RFC 6598)
            "127.0.0.0/8", // loopback (RFC 1122)
            "169.254.0.0/16", // link-local (RFC 3927), where clouds hand out a machine's credentials
            "172.16.0.0/12", // private (RFC 1918)
            "192.0.0.0/24", // protocol assignments (RFC 6890)
            "192.0.2.0/24", // documentation (RFC 5737)
            "192.31.196.0/24", // AS112 (RFC 7535)
            "192.52.193.0/24", // multicast tunnels (RFC 7450)
            "192.88.99.0/24", // 6to4 relays (RFC 7526)
            "192.168.0.0/16", // private (RFC 1918)
            "192.175.48.0/24", // AS112 (RFC 7534)
            "198.18.0.0/15", // benchmarks (RFC 2544)
            "198.51.100.0/24", // documentation (RFC 5737)
            "203.0.113.0/24", // documentation (RFC 5737)
            "224.0.0.0/4", // multicast (RFC 5771)
            "240.0.0.0/4", // reserved, with the broadcast address at its end (RFC 1112)
            "168.63.129.16/32"), // not IANA's: on Azure, the host under a virtual machine
    ];

    // All of IPv6 that was ever given out (RFC 4291 §2.4). Outside lie ::1, ::, IPv4-compatible and -translated addresses, the local
    // translation prefix 64:ff9b:1::/48, 100::/64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10 and ff00::/8.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialIPv6 =
    [
        .. Networks(
            "2001::/23", // protocol assignments: Teredo, benchmarks, ORCHID and others (RFC 2928)
            "2001:db8::/32", // documentation (RFC 3849)
            "2002::/16", // 6to4, which has an IPv4 address of anybody's choice in it (RFC 3056)
            "2620:4f:8000::/48", // AS112 (RFC 7534)
            "3fff::/20"), // documentation (RFC 9637)
    ];

    /// <summary>Whether an address is one of the open internet's. An IPv4 address in IPv6 clothes counts as what is inside.</summary>
    public static bool Covers(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = EmbeddedAddress.Unwrap(address);
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? !Array.Exists(SpecialIPv4, network => network.Contains(plain))
            : plain.ScopeId == 0 && GlobalUnicast.Contains(plain) && !Array.Exists(SpecialIPv6, network => network.Contains(plain));
    }

    private static IEnumerable<IPNetwork> Networks(params string[] networks) => networks.Select(network => IPNetwork.Parse(network));
}

using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Domain.Networks;

/// <summary>
/// The addresses that an operator may give machines of its own. The link-local ones are not among them, nor others at which a cloud
/// hands out a machine's credentials: nothing that a client registers is ever there.
/// </summary>
public static class PrivateAddress
{
    private static readonly IPNetwork[] Own =
    [
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"), // RFC 1918
        IPNetwork.Parse("100.64.0.0/10"), // RFC 6598; private networks laid over others use it too
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("::1/128"),
        IPNetwork.Parse("fc00::/7"), // RFC 4193
    ];

    private static readonly IPAddress[] Credentials =
    [
        IPAddress.Parse("100.100.100.200"), // Alibaba Cloud
        IPAddress.Parse("fd00:ec2::254"), // Amazon
        IPAddress.Parse("fd00:42::42"), // Scaleway
        IPAddress.Parse("fd20:ce::254"), // Google Cloud
    ];

    /// <summary>Whether an address is one of them. An IPv4 address in IPv6 clothes counts as what is inside.</summary>
    public static bool Covers(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = EmbeddedAddress.Unwrap(address);
        var scoped = plain.AddressFamily == AddressFamily.InterNetworkV6 && plain.ScopeId != 0;
        return !scoped && Array.Exists(Own, network => network.Contains(plain)) && !Credentials.Contains(plain);
    }
}

/// <summary>IPv4 addresses that are written as IPv6 ones and still lead to the IPv4 host.</summary>
internal static class EmbeddedAddress
{
    // How a network without IPv4 reaches IPv4 hosts (RFC 6052 §2.1): its resolver makes such addresses of ordinary ones.
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>What is inside; an address that has none inside is answered as it is.</summary>
    public static IPAddress Unwrap(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : Translated.Contains(address) ? new IPAddress(address.GetAddressBytes().AsSpan(12))
        : address;
}

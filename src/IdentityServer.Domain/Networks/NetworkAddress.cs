using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Domain.Networks;

/// <summary>
/// The network that limits are counted by. One customer holds one IPv4 address but a whole IPv6 /64, so a limit per IPv6 address
/// would be no limit.
/// </summary>
public static class NetworkAddress
{
    /// <summary>What all connections without an address share (Unix sockets): they are limited together, not exempt.</summary>
    public const string Unknown = "unknown";

    private const int PrefixBytes = 8;

    /// <summary>The key of an address's network: <c>192.0.2.7</c>, or <c>2001:db8:1:2::/64</c>. An IPv4 address in IPv6 clothes counts as IPv4.</summary>
    /// <param name="address">The peer's address after trusted proxies are taken into account; null for none.</param>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return Unknown;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }

        // A new address from bytes also drops the scope id, which the peer's own machine chooses.
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(PrefixBytes).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}

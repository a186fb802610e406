using System.Net;
using System.Numerics;
using CsCheck;
using IdentityServer.Domain.Networks;

namespace IdentityServer.Domain.Tests.Networks;

/// <summary>Held against the registries of special-purpose addresses as IANA publishes them, edge by edge.</summary>
public sealed class PublicAddressTests
{
    /// <summary>A range, and whether its neighbours below and above are public.</summary>
    public static TheoryData<string, bool, bool> SpecialRanges => new()
    {
        // IPv4 Special-Purpose Address Registry, and multicast.
        { "0.0.0.0/8", false, true },
        { "10.0.0.0/8", true, true },
        { "100.64.0.0/10", true, true },
        { "127.0.0.0/8", true, true },
        { "169.254.0.0/16", true, true },
        { "172.16.0.0/12", true, true },
        { "192.0.0.0/24", true, true },
        { "192.0.2.0/24", true, true },
        { "192.31.196.0/24", true, true },
        { "192.52.193.0/24", true, true },
        { "192.88.99.0/24", true, true },
        { "192.168.0.0/16", true, true },
        { "192.175.48.0/24", true, true },
        { "198.18.0.0/15", true, true },
        { "198.51.100.0/24", true, true },
        { "203.0.113.0/24", true, true },
        { "224.0.0.0/4", true, false },
        { "240.0.0.0/4", false, false },
        { "255.255.255.255/32", false, false },
        { "168.63.129.16/32", true, true },

        // IPv6 Special-Purpose Address Registry, and what is not unicast.
        { "::/128", false, false },
        { "::1/128", false, false },
        { "::/96", false, false },
        { "::ffff:0:0:0/96", false, false },
        { "64:ff9b:1::/48", false, false },
        { "100::/64", false, false },
        { "100:0:0:1::/64", false, false },
        { "2001::/23", true, true },
        { "2001::/32", true, false },
        { "2001:2::/48", false, false },
        { "2001:4:112::/48", false, false },
        { "2001:10::/28", false, false },
        { "2001:20::/28", false, false },
        { "2001:30::/28", false, false },
        { "2001:db8::/32", true, true },
        { "2002::/16", true, true },
        { "2620:4f:8000::/48", true, true },
        { "3fff::/20", true, true },
        { "4000::/3", true, false },
        { "5f00::/16", false, false },
        { "fc00::/7", false, false },
        { "fe80::/10", false, false },
        { "fec0::/10", false, false },
        { "ff00::/8", false, false },
    };

    [Theory]
    [MemberData(nameof(SpecialRanges))]
    public void No_address_of_a_special_range_is_public_and_the_range_ends_where_it_ends(string range, bool below, bool above)
    {
        var network = IPNetwork.Parse(range);
        var (first, last) = Edges(network);

        PublicAddress.Covers(At(first, network)).ShouldBeFalse();
        PublicAddress.Covers(At(last, network)).ShouldBeFalse();
        Gen.Double[0, 1].Sample(share => !PublicAddress.Covers(At(first + (BigInteger)((double)(last - first) * share * 0.999), network)), iter: 200);
        if (first > 0)
        {
            PublicAddress.Covers(At(first - 1, network)).ShouldBe(below);
        }

        if (last + 1 < BigInteger.One << (8 * network.BaseAddress.GetAddressBytes().Length))
        {
            PublicAddress.Covers(At(last + 1, network)).ShouldBe(above);
        }
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("93.184.215.14")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2000::")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:81b::200e")]
    public void Ordinary_hosts_are_public(string address) => PublicAddress.Covers(IPAddress.Parse(address)).ShouldBeTrue();

    [Theory]
    [InlineData("::7f00:1", "IPv4-compatible")]
    [InlineData("::808:808", "IPv4-compatible, even of a public address")]
    [InlineData("::ffff:0:808:808", "IPv4-translated")]
    [InlineData("2002:7f00:1::", "6to4")]
    [InlineData("2002:808:808::1", "6to4, even of a public address")]
    [InlineData("2001:0:808:808::f5ff:fffe", "Teredo")]
    [InlineData("2606:4700::1%3", "with a scope, which no resolver gives")]
    public void What_leads_to_an_IPv4_host_by_a_detour_is_not_public(string address, string kind) =>
        PublicAddress.Covers(IPAddress.Parse(address)).ShouldBeFalse(kind);

    [Fact]
    public void An_IPv4_address_is_judged_alike_in_any_clothes_that_lead_to_it() =>
        Gen.Byte.Array[4].Sample(bytes =>
        {
            var plain = new IPAddress(bytes);
            PublicAddress.Covers(plain.MapToIPv6()).ShouldBe(PublicAddress.Covers(plain));
            PublicAddress.Covers(Translated(plain)).ShouldBe(PublicAddress.Covers(plain));
            PrivateAddress.Covers(plain.MapToIPv6()).ShouldBe(PrivateAddress.Covers(plain));
            PrivateAddress.Covers(Translated(plain)).ShouldBe(PrivateAddress.Covers(plain));
        });

    [Fact]
    public void No_address_is_both_public_and_private()
    {
        Gen.Byte.Array[4].Sample(bytes => !(PublicAddress.Covers(new IPAddress(bytes)) && PrivateAddress.Covers(new IPAddress(bytes))));
        Gen.Byte.Array[16].Sample(bytes => !(PublicAddress.Covers(new IPAddress(bytes)) && PrivateAddress.Covers(new IPAddress(bytes))));
    }

    [Theory]
    [InlineData("10.0.0.0", "10.255.255.255")]
    [InlineData("172.16.0.0", "172.31.255.255")]
    [InlineData("192.168.0.0", "192.168.255.255")]
    [InlineData("100.64.0.0", "100.127.255.255")]
    [InlineData("127.0.0.0", "127.255.255.255")]
    [InlineData("::1", "::1")]
    [InlineData("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::ffff:10.0.0.0", "::ffff:10.255.255.255")]
    public void An_operators_machines_have_private_addresses(string first, string last)
    {
        var (low, high) = (IPAddress.Parse(first), IPAddress.Parse(last));

        PrivateAddress.Covers(low).ShouldBeTrue();
        PrivateAddress.Covers(high).ShouldBeTrue();
        PrivateAddress.Covers(At(Number(low) - 1, low.GetAddressBytes().Length)).ShouldBeFalse();
        PrivateAddress.Covers(At(Number(high) + 1, low.GetAddressBytes().Length)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd00:42::42")]
    [InlineData("fd20:ce::254")]
    [InlineData("fe80::a9fe:a9fe")]
    [InlineData("fe80::1%1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public void Where_machines_get_their_credentials_is_neither_public_nor_private(string address)
    {
        PublicAddress.Covers(IPAddress.Parse(address)).ShouldBeFalse();
        PrivateAddress.Covers(IPAddress.Parse(address)).ShouldBeFalse();
    }

    private static IPAddress Translated(IPAddress plain) =>
        new([.. IPAddress.Parse("64:ff9b::").GetAddressBytes().AsSpan(0, 12), .. plain.GetAddressBytes()]);

    private static (BigInteger First, BigInteger Last) Edges(IPNetwork network)
    {
        var first = Number(network.BaseAddress);
        return (first, first + (BigInteger.One << ((8 * network.BaseAddress.GetAddressBytes().Length) - network.PrefixLength)) - 1);
    }

    private static BigInteger Number(IPAddress address) => new(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true);

    private static IPAddress At(BigInteger number, IPNetwork like) => At(number, like.BaseAddress.GetAddressBytes().Length);

    private static IPAddress At(BigInteger number, int length)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return new([.. new byte[length - bytes.Length], .. bytes]);
    }
}

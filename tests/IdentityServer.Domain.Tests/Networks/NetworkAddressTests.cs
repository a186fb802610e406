using System.Net;
using CsCheck;
using IdentityServer.Domain.Networks;

namespace IdentityServer.Domain.Tests.Networks;

public sealed class NetworkAddressTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2::", "2001:db8:1:2::/64")]
    [InlineData("fe80::1%3", "fe80::/64")]
    [InlineData("::1", "::/64")]
    public void Limits_are_counted_by_the_address_or_the_64_bit_network(string address, string network) =>
        NetworkAddress.Of(IPAddress.Parse(address)).ShouldBe(network);

    [Fact]
    public void Connections_without_an_address_are_limited_together() => NetworkAddress.Of(null).ShouldBe(NetworkAddress.Unknown);

    [Fact]
    public void Whoever_holds_a_64_bit_network_is_one_guesser() =>
        Gen.Select(Gen.Byte.Array[8], Gen.Byte.Array[8], Gen.Byte.Array[8])
            .Where((prefix, _, _) => prefix.Any(value => value != 0))
            .Sample((prefix, left, right) =>
                NetworkAddress.Of(new IPAddress([.. prefix, .. left])).ShouldBe(NetworkAddress.Of(new IPAddress([.. prefix, .. right]))));
}

using CsCheck;
using IdentityServer.Domain.Users;

namespace IdentityServer.Domain.Tests.Users;

public sealed class TestAddressTests
{
    private static readonly byte[] Bytes = [0, 1, 2, 31, 32, 255, 7, 8];

    [Fact]
    public void A_name_and_random_bytes_make_an_address_under_the_reserved_domain()
    {
        TestAddress.TryCreate("Buyer-2", Bytes, out var address).ShouldBeTrue();

        address!.Address.Value.ShouldBe("buyer-2.abc9a9hi@test-users.invalid");
        TestAddress.IsReserved(address.Address).ShouldBeTrue();
        address.ToString().ShouldNotContain("buyer");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a.b")]
    [InlineData("a@b")]
    [InlineData("a b")]
    [InlineData("käufer")]
    [InlineData("a\r\nb")]
    [InlineData("ａ")]
    [InlineData("12345678901234567890123456789012345678901")]
    public void Anything_but_letters_digits_and_dashes_is_no_name(string? name) =>
        TestAddress.TryCreate(name, Bytes, out _).ShouldBeFalse();

    [Fact]
    public void The_longest_name_is_one() => TestAddress.TryCreate(new string('a', TestAddress.LongestName), Bytes, out _).ShouldBeTrue();

    [Fact]
    public void Other_bytes_make_another_address() =>
        Gen.Select(Gen.Byte.Array[TestAddress.RandomBytes], Gen.Byte.Array[TestAddress.RandomBytes])
            .Where((one, other) => !one.Select(Low).SequenceEqual(other.Select(Low)))
            .Sample((one, other) => AddressOf(one).ShouldNotBe(AddressOf(other)));

    [Theory]
    [InlineData("ada@test-users.invalid", true)]
    [InlineData("ADA@Test-Users.INVALID", true)]
    [InlineData(" ada@test-users.invalid ", true)]
    [InlineData("ada@ｔest-users.invalid", true)]
    [InlineData("ada@test-users．invalid", true)]
    [InlineData("ada@test-users.invalid.", true)]
    [InlineData("ada@mail.test-users.invalid", true)]
    [InlineData("ada@nottest-users.invalid", false)]
    [InlineData("ada@test-users.invalid.example.com", false)]
    [InlineData("test-users.invalid@example.com", false)]
    [InlineData("ada@invalid", false)]
    [InlineData("ada@example.com", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Every_spelling_of_the_domain_is_reserved_and_no_other_domain(string? address, bool reserved) =>
        TestAddress.IsReserved(address).ShouldBe(reserved);

    private static int Low(byte value) => value % 32;

    private static string AddressOf(byte[] random)
    {
        TestAddress.TryCreate("a", random, out var address).ShouldBeTrue();
        return address!.Address.Value;
    }
}

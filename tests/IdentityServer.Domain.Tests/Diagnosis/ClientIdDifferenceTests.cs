using CsCheck;
using IdentityServer.Domain.Diagnosis;

namespace IdentityServer.Domain.Tests.Diagnosis;

public sealed class ClientIdDifferenceTests
{
    private static readonly string[] Known = ["shop web/1", "shop-frontend", "billing-service", "app"];

    [Theory]
    [InlineData(" billing-service\n", "billing-service", "whitespace")]
    [InlineData("\"billing-service\"", "billing-service", "quotes")]
    [InlineData("shop%20web%2F1", "shop web/1", "percent_encoding")]
    [InlineData("Billing-Service", "billing-service", "case")]
    [InlineData("billing-serv", "billing-service", "cut_off")]
    [InlineData("biling-servcie", null, null)]
    [InlineData("biling-service", "billing-service", "mistyped")]
    [InlineData("shop-frontent2", "shop-frontend", "mistyped")]
    [InlineData("aqp", null, null)]
    [InlineData("shop", null, null)]
    [InlineData("nobody", null, null)]
    [InlineData("", null, null)]
    public void What_was_meant_is_found(string received, string? clientId, string? kind) =>
        ClientIdDifference.Find(received, Known).ShouldBe(clientId is null ? null : new(clientId, kind!));

    [Fact]
    public void What_is_like_two_is_nobodys()
    {
        ClientIdDifference.Find("tenant-0003", ["tenant-0001", "tenant-0002"]).ShouldBeNull();
        ClientIdDifference.Find("TENANT-A", ["tenant-a", "Tenant-A"]).ShouldBeNull();
        ClientIdDifference.Find("tenant-000", ["tenant-0001", "tenant-0002"]).ShouldBeNull();
    }

    [Fact]
    public void The_distance_is_the_one_of_the_textbook()
    {
        Gen.Select(Gen.Char["abc"].Array[0, 6], Gen.Char["abc"].Array[0, 6]).Sample((one, other) =>
            ClientIdDifference.IsWithin(new(one), new(other), 2) == Slow(one, other) <= 2);

        static int Slow(ReadOnlySpan<char> one, ReadOnlySpan<char> other) => one.IsEmpty ? other.Length : other.IsEmpty ? one.Length
            : one[0] == other[0] ? Slow(one[1..], other[1..])
            : 1 + Math.Min(Math.Min(Slow(one[1..], other), Slow(one, other[1..])), Slow(one[1..], other[1..]));
    }
}

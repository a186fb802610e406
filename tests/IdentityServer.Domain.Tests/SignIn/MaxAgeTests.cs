using IdentityServer.Domain.SignIn;

namespace IdentityServer.Domain.Tests.SignIn;

public sealed class MaxAgeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("0060", 60)]
    [InlineData("86400", 86_400)]
    public void Whole_seconds_are_read(string text, int seconds)
    {
        MaxAge.TryRead(text, out var age).ShouldBeTrue();
        age.ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData("3153600000")]
    [InlineData("1000000000000")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999999999")]
    public void More_than_fits_counts_as_the_longest(string text)
    {
        MaxAge.TryRead(text, out var age).ShouldBeTrue();
        age.ShouldBe(MaxAge.Longest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData(" 1")]
    [InlineData("1 2")]
    [InlineData("one")]
    [InlineData("１")]
    public void Anything_else_is_refused(string? text) => MaxAge.TryRead(text, out _).ShouldBeFalse();
}

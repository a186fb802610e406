using CsCheck;
using IdentityServer.Domain.Diagnosis;

namespace IdentityServer.Domain.Tests.Diagnosis;

public sealed class QuotableTests
{
    private const string Dots = Quotable.Hidden;
    private const string Secret = "dBjftJeZ4CVPmB92K27uhbUJU1p1r";

    private static readonly string[] Registered = ["https://shop.example/callback/9f8e7d6c5b4a39281706f5e4d3c2b1a0?tenant=0123456789abcdef0123456789abcdef"];

    [Theory]
    [InlineData("openid orders.read", "openid orders.read")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:device_code")]
    [InlineData(Secret, Dots)]
    [InlineData("openid " + Secret, "openid " + Dots)]
    [InlineData("ada@example.com", Dots)]
    [InlineData("ada%40example.com", Dots)]
    [InlineData("eyJhbGciOiJub25lIn0.e30.", Dots)]
    [InlineData("", "\"\"")]
    [InlineData("a\u0007b", Dots)]
    [InlineData(null, "")]
    public void A_word_is_quoted_when_it_reads_like_one(string? text, string quoted) => Quotable.Word(text).ShouldBe(quoted);

    [Fact]
    public void What_is_known_is_quoted_whatever_it_looks_like() => Quotable.Word(Secret, [Secret]).ShouldBe(Secret);

    [Theory]
    [InlineData("https://shop.example/callback/", "https://shop.example/callback/")]
    [InlineData("http://localhost:5173/signin-oidc", "http://localhost:5173/signin-oidc")]
    [InlineData("com.example.app:/callback", "com.example.app:/callback")]
    [InlineData("https://ada:hunter2@shop.example/callback", $"https://{Dots}:{Dots}@shop.example/callback")]
    [InlineData("https://shop.example/callback?token=x", $"https://shop.example/callback?token={Dots}")]
    [InlineData("https://shop.example/callback?tenant=0123456789abcdef0123456789abcdef&p=1", $"https://shop.example/callback?tenant=0123456789abcdef0123456789abcdef&p={Dots}")]
    [InlineData("https://shop.example/callback#access_token=x", $"https://shop.example/callback#{Dots}")]
    [InlineData("https://shop.example/" + Secret, "https://shop.example/" + Dots)]
    [InlineData("http://shop.example/callback/9f8e7d6c5b4a39281706f5e4d3c2b1a0", "http://shop.example/callback/9f8e7d6c5b4a39281706f5e4d3c2b1a0")]
    [InlineData("https://shop.example?" + Secret, "https://shop.example?" + Dots)]
    [InlineData("mailto:ada@example.com", "mailto:" + Dots)]
    [InlineData(Secret, Dots)]
    public void Of_an_address_what_is_private_is_not_quoted(string uri, string quoted) => Quotable.Uri(uri, Registered).ShouldBe(quoted);

    [Fact]
    public void A_secret_is_not_quoted_wherever_it_stands()
    {
        var parts = Gen.OneOf([.. new[] { "https", "http", ":", "/", "//", "://", "?", "#", "&", "=", "@", "shop.example", "a", Secret, "%41", " " }.Select(Gen.Const)]);

        parts.Array[1, 12].Sample(uri => !Quotable.Uri(string.Concat(uri), Registered).Contains(Secret, StringComparison.Ordinal));
        parts.Array[1, 12].Sample(text => !Quotable.Word(string.Concat(text)).Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_quoted_is_never_long() =>
        Gen.String.Sample(text => Quotable.Uri(text, Registered).Length <= Quotable.MaxLength + Dots.Length && Quotable.Word(text).Length <= Quotable.MaxLength * Dots.Length);
}

using CsCheck;
using IdentityServer.Domain.Diagnosis;

namespace IdentityServer.Domain.Tests.Diagnosis;

public sealed class RedirectUriDifferenceTests
{
    private const string Registered = "https://shop.example/sign-in/Callback?tenant=1";

    [Theory]
    [InlineData("http://shop.example/sign-in/Callback?tenant=1", "scheme")]
    [InlineData("https://Shop.Example/sign-in/Callback?tenant=1", "host_case")]
    [InlineData("HTTPS://shop.example/sign-in/Callback?tenant=1", "host_case")]
    [InlineData("https://shop.example:8443/sign-in/Callback?tenant=1", "port")]
    [InlineData("https://www.shop.example/sign-in/Callback?tenant=1", "host")]
    [InlineData("https://shop.example/sign-in/Callback/?tenant=1", "trailing_slash")]
    [InlineData("https://shop.example/sign-in/callback?tenant=1", "path_case")]
    [InlineData("https://shop.example/signin/Callback?tenant=1", "path")]
    [InlineData("https://shop.example/sign-in/Callback", "query")]
    [InlineData("https://shop.example/sign-in/Callback?tenant=2", "query")]
    [InlineData("https://shop.example/sign-in/Callback?tenant=1#x", "fragment")]
    [InlineData(" https://shop.example/sign-in/Callback?tenant=1\n", "whitespace")]
    [InlineData("https%3A%2F%2Fshop.example%2Fsign-in%2FCallback%3Ftenant%3D1", "percent_encoding")]
    [InlineData("https%253A%252F%252Fshop.example%252Fsign-in%252FCallback%253Ftenant%253D1", "percent_encoding")]
    [InlineData("https://*.example/sign-in/Callback?tenant=1", "wildcard")]
    [InlineData("/sign-in/Callback?tenant=1", "not_absolute")]
    [InlineData("http://other.example/somewhere", "other")]
    public void A_difference_has_a_name(string received, string kind) =>
        RedirectUriDifference.Of(received, [Registered]).ShouldBe(new(Registered, kind));

    [Theory]
    [InlineData("http://localhost:5000/cb", "http://127.0.0.1:5000/cb")]
    [InlineData("http://127.0.0.1/cb", "http://[::1]/cb")]
    [InlineData("http://[::1]:80/cb", "http://localhost/cb")]
    public void The_three_names_of_a_machine_itself_are_named_so(string received, string registered) =>
        RedirectUriDifference.Of(received, [registered]).Kind.ShouldBe("loopback");

    [Fact]
    public void The_nearest_is_the_one_that_differs_in_one_way_only()
    {
        string[] registered = ["https://shop.example/callback/of/something/long", "http://shop.example/callback", "https://other.example/x"];

        RedirectUriDifference.Of("https://shop.example/callback", registered).ShouldBe(new("http://shop.example/callback", "scheme"));
    }

    [Fact]
    public void Nothing_registered_is_no_nearest() => RedirectUriDifference.Of("https://shop.example/", []).Registered.ShouldBeNull();

    [Fact]
    public void Whatever_comes_gets_a_kind_that_there_is() =>
        Gen.Select(Gen.String, Gen.String.Array[0, 4]).Sample((received, registered) =>
            RedirectUriDifferenceKinds.All.Contains(RedirectUriDifference.Of(received, registered).Kind));

    [Fact]
    public void The_stretches_of_both_texts_are_the_texts()
    {
        Gen.Select(Gen.String, Gen.String).Sample((left, right) =>
        {
            var difference = TextDifference.Between(left, right);
            return string.Concat(difference.Left.Select(part => part.Text)) == left
                && string.Concat(difference.Right.Select(part => part.Text)) == right
                && string.Concat(difference.Left.Where(part => !part.Differs).Select(part => part.Text))
                    == string.Concat(difference.Right.Where(part => !part.Differs).Select(part => part.Text));
        });
    }

    [Fact]
    public void Only_the_characters_that_differ_are_marked()
    {
        var difference = TextDifference.Between("https://shop.example/callback/", "http://shop.example/callback");

        difference.Left.ShouldBe([new("http", false), new("s", true), new("://shop.example/callback", false), new("/", true)]);
        difference.Right.ShouldBe([new("http://shop.example/callback", false)]);
    }
}

using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>A6 and A7: where the code goes. What no answer may lead to is in <see cref="RefusalTests"/>.</summary>
public sealed class RedirectionTests
{
    [Theory]
    [InlineData("https://app.example.com/callback?tenant=a%20b&x=", "https://app.example.com/callback?tenant=a%20b&x=")]
    [InlineData("http://127.0.0.1/native?tenant=7", "http://127.0.0.1:4711/native?tenant=7")]
    public async Task A6_The_query_of_a_registered_address_is_kept_beside_the_code(string registered, string named)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("none", "\"application_type\":\"native\"", redirectUris: registered);

        var back = await world.OpenBrowser().SignInAsync(client.Start(("redirect_uri", named)), await world.AddUserAsync());

        back.Location!.OriginalString.ShouldStartWith(named + "&");
        (await client.ExchangeAsync(back.Parameter("code")!, ("redirect_uri", named))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A7_Of_two_registered_addresses_one_must_be_named_or_our_own_page_answers()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(redirectUris: [RelyingParty.RedirectUri, "https://app.example.com/other"]);
        var browser = world.OpenBrowser();

        var answer = await browser.GetAsync(client.Start(("redirect_uri", null)));

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Location.ShouldBeNull();
        answer.Document.Forms.ShouldBeEmpty();
        answer.Document.QuerySelector(".reference code")!.TextContent.ShouldNotBeNullOrWhiteSpace();
        (await browser.GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.Redirect, "nothing else is wrong with the request");
    }
}

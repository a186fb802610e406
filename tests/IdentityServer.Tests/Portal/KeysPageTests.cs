using System.Net;
using IdentityServer.Settings;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Portal;

/// <summary>Owners see the keys that we know their client by, and replace them.</summary>
public sealed class KeysPageTests
{
    // The key of RFC 7638 §3.1, and what its thumbprint must be.
    private const string Modulus =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    private const string Set = $$"""{"keys":[{"kty":"RSA","n":"{{Modulus}}","e":"AQAB","alg":"RS256","kid":"2011-04-29"},{"kty":"OKP","crv":"Ed25519","kid":"other","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}""";

    [Fact]
    public async Task Pasted_keys_are_shown_with_their_thumbprints_and_what_they_are_good_for()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("keys"));

        var shown = await browser.AfterAsync(await browser.SendAsync(page, "handler=Paste", ("Jwks", Set)));

        var items = shown.Document.QuerySelectorAll(".items li");
        items.Length.ShouldBe(2);
        items[0].TextContent.ShouldContain("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        items[0].TextContent.ShouldContain("RSA RS256");
        items[0].TextContent.ShouldContain("never");
        items[1].TextContent.ShouldContain("Cannot sign here");
        (await world.FindAsync(owner, client.ClientId))!.Metadata.HasKeys.ShouldBeTrue();
    }

    [Theory]
    [InlineData("nonsense", "is not a JSON object")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{}", "has no list")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}""", "private")]
    public async Task Keys_that_break_rules_are_not_stored_and_what_was_pasted_stays(string pasted, string problem)
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("keys"));

        var answer = await browser.SendAsync(page, "handler=Paste", ("Jwks", pasted));

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Problem("jwks")!.ShouldContain(problem);
        answer.Field("Jwks").ShouldBe(pasted);
        (await world.FindAsync(owner, client.ClientId))!.Metadata.HasKeys.ShouldBeFalse();
    }

    [Fact]
    public async Task An_address_is_fetched_and_one_that_cannot_be_is_told_without_the_reason_that_is_the_operators()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("keys"));

        var wrong = await browser.SendAsync(page, "handler=Publish", ("JwksUri", "http://shop.example.com/jwks"));
        var saved = await browser.AfterAsync(await browser.SendAsync(page, "handler=Publish", ("JwksUri", "https://127.0.0.1/jwks")));

        wrong.Problem("jwksuri")!.ShouldContain("https");
        saved.Document.QuerySelector("main .notice.error")!.TextContent.ShouldContain("could not be read");
        saved.Body.ShouldNotContain("loopback");
        saved.Field("JwksUri").ShouldBe("https://127.0.0.1/jwks");
    }

    [Fact]
    public async Task The_last_use_of_a_key_is_shown()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        using var used = new SigningParty(kid: "used");
        using var other = new SigningParty(kid: "other");
        var client = await world.RegisterAsync(owner, $$"""
            {"client_name":"Night job","grant_types":["client_credentials"],"response_types":[],"scope":"clients.read",
             "token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{{used.Jwk}},{{other.Jwk}}]} }
            """);
        var (browser, _) = await world.OpenPortalAsync(owner);
        var issuer = world.Server.Services.GetRequiredService<Installation>().Issuer.AbsoluteUri;

        var token = await world.OpenBrowser().PostAsync("/connect/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = used.Sign(SigningParty.Assertion(client.ClientId, issuer, world.Clock.GetUtcNow())),
        });

        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
        var shown = (await browser.GetAsync(client.PageOf("keys"))).Document.QuerySelectorAll(".items li");
        shown.Single(item => item.QuerySelector("h2")!.TextContent == "used").TextContent.ShouldNotContain("never");
        shown.Single(item => item.QuerySelector("h2")!.TextContent == "other").TextContent.ShouldContain("never");
    }
}

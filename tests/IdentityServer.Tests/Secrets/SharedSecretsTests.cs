using System.Net;
using IdentityServer.Secrets;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Secrets;

/// <summary>Two nodes of one installation are one server: what one began, the other ends.</summary>
public sealed class SharedSecretsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_step_of_a_sign_in_may_come_to_another_node(bool postgreSql)
    {
        // Behind one name, as a balancer puts them.
        var secret = RootSecret.Generate().Reveal();
        await using var world = await World.StartAsync(postgreSql, setup =>
        {
            setup.Settings["Issuer"] = "http://id.example.com";
            setup.Settings["RootSecret:Value"] = secret;
        });
        await using var other = await world.Server.StartAnotherNodeAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var (one, two) = (world.OpenBrowser(), world.OpenBrowser(other));

        // Page by page the browser alternates; a cookie is the host's, not the port's.
        var start = await one.GetAsync(client.Start());
        var passwordPage = await Follow(two, one, start);
        passwordPage.Document.QuerySelector("#password").ShouldNotBeNull();
        var codePage = await Follow(one, two, await EnterAsync(two, passwordPage, ("Email", email), ("Password", World.Password)));
        codePage.Document.QuerySelector("#code").ShouldNotBeNull();
        Share(one, two);
        var accepted = await EnterAsync(two, codePage, ("Digits", await one.ReadCodeAsync(email)));
        var back = await Follow(one, two, accepted);

        back.Parameter("code").ShouldNotBeNull(back.Body);
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        tokens.Status.ShouldBe(HttpStatusCode.OK, tokens.Json.ToString());
        (await world.OpenBrowser(other).GetAsync("/.well-known/jwks")).Body.ShouldBe((await world.OpenBrowser().GetAsync("/.well-known/jwks")).Body);
        two.Headers["Authorization"] = "Bearer " + tokens.AccessToken;
        (await two.GetAsync("/connect/userinfo")).Status.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<Answer> Follow(Browser browser, Browser from, Answer answer)
    {
        Share(from, browser);
        while (answer.Location is { } location && !location.ToString().StartsWith(RelyingParty.RedirectUri, StringComparison.Ordinal))
        {
            answer = await browser.GetAsync(location.IsAbsoluteUri ? location.PathAndQuery : location.ToString());
        }

        return answer;
    }

    private static async Task<Answer> EnterAsync(Browser browser, Answer page, params (string Name, string Value)[] fields)
    {
        var form = fields.ToDictionary(field => field.Name, field => field.Value);
        return await browser.SubmitAsync(page, form);
    }

    private static void Share(Browser from, Browser to)
    {
        foreach (Cookie cookie in from.Cookies.GetAllCookies())
        {
            to.Cookies.Add(new Cookie(cookie.Name, cookie.Value, "/", cookie.Domain));
        }
    }
}

using System.Net;
using AngleSharp.Dom;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol.Logout;

/// <summary>L9: clients that are told through the browser.</summary>
public sealed class FrontChannelLogoutTests
{
    private const string Bye = "https://app.example.com/bye";

    [Fact]
    public async Task L9_A_page_loads_each_client_with_issuer_and_session_and_leads_back_with_the_state()
    {
        await using var world = await World.StartAsync();
        var one = await AddClientAsync(world, "https://app.example.com/out?tenant=a%26b");
        var two = await AddClientAsync(world, "https://two.example.com:8443/out", "https://two.example.com:8443/callback");
        var (absent, untold) = (await AddClientAsync(world, "https://app.example.com/absent"), await world.AddClientAsync());
        await absent.SignInAsync(await world.AddUserAsync());
        var browser = world.OpenBrowser();
        var tokens = await one.ExchangeAsync((await browser.SignInAsync(one.Start(), await world.AddUserAsync())).Parameter("code")!);
        await browser.FollowAsync(await browser.GetAsync(two.Start(("redirect_uri", "https://two.example.com:8443/callback"))));
        await browser.FollowAsync(await browser.GetAsync(untold.Start()));

        var page = await browser.GetAsync(EndSession(tokens.IdToken!, Bye, "a b&c\"'<;"));

        page.Status.ShouldBe(HttpStatusCode.OK);
        var (issuer, sid) = (Uri.EscapeDataString(world.Server.Address.AbsoluteUri), tokens.IdTokenClaims.GetProperty("sid").GetString());
        Frames(page).ShouldBe(
            [$"https://app.example.com/out?tenant=a%26b&iss={issuer}&sid={sid}", $"https://two.example.com:8443/out?iss={issuer}&sid={sid}"], ignoreOrder: true);
        var onward = page.Document.QuerySelector("#onward")!.GetAttribute("href")!;
        onward.ShouldStartWith(Bye + "?");
        System.Web.HttpUtility.ParseQueryString(new Uri(onward).Query)["state"].ShouldBe("a b&c\"'<;");
        page.Document.QuerySelector("meta[http-equiv=refresh]")!.GetAttribute("content").ShouldBe($"5;url={onward}");
        (await browser.FollowAsync(await browser.GetAsync(one.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    [Fact]
    public async Task L9_The_page_may_frame_those_clients_alone_and_nobody_may_frame_it_or_keep_it()
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out?x=1");
        var page = (await SignedOutAsync(world, client)).Page;

        Frames(page).Count.ShouldBe(1);
        var policy = page.Message.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("; frame-src https://app.example.com;");
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("frame-ancestors 'none'");
        page.Message.Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"]);
        page.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        foreach (var frame in page.Document.QuerySelectorAll("iframe"))
        {
            frame.GetAttribute("sandbox").ShouldBe("allow-scripts allow-same-origin");
            frame.HasAttribute("hidden").ShouldBeTrue();
            frame.GetAttribute("referrerpolicy").ShouldBe("no-referrer");
        }
    }

    [Fact]
    public async Task L9_Asked_for_again_there_is_no_page_any_more_and_no_address_makes_one()
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out");
        var (browser, hint, _) = await SignedOutAsync(world, client);

        (await browser.GetAsync(EndSession(hint, Bye, "s"))).Location!.ToString().ShouldBe(Bye + "?state=s");
        (await world.OpenBrowser().GetAsync(EndSession(hint, Bye, "s"))).Location!.ToString().ShouldBe(Bye + "?state=s");
    }

    [Theory]
    [InlineData("https://app.example.com/elsewhere")]
    [InlineData("https://evil.example/bye")]
    [InlineData("javascript:alert(1)")]
    public async Task L9_The_page_leads_to_no_address_that_is_not_registered(string uri)
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out");
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);

        foreach (var named in new[] { "", "&client_id=" + client.Id })
        {
            var answer = await browser.FollowAsync(await browser.GetAsync(EndSession(tokens.IdToken!, uri, "s") + named));

            answer.Location.ShouldBeNull(named);
            answer.Document.QuerySelectorAll("iframe, meta[http-equiv=refresh]").ShouldBeEmpty(named);
            answer.Body.ShouldNotContain("evil.example");
        }
    }

    [Fact]
    public async Task L9_Without_an_address_to_go_back_to_it_leads_to_our_own_page()
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out");
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);

        var page = await browser.GetAsync("/connect/endsession?id_token_hint=" + tokens.IdToken);

        Frames(page).Count.ShouldBe(1);
        page.Document.QuerySelector("#onward")!.GetAttribute("href").ShouldBe("/signed-out");
    }

    [Fact]
    public async Task L9_Our_own_sign_out_page_tells_clients_the_same_way()
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out");
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), await world.AddUserAsync());

        var page = await browser.SubmitAsync(await browser.GetAsync("/sign-out"), new Dictionary<string, string>());

        page.Status.ShouldBe(HttpStatusCode.OK);
        Frames(page).Single().ShouldStartWith("https://app.example.com/out?iss=");
        page.Document.QuerySelector("meta[http-equiv=refresh]")!.GetAttribute("content").ShouldBe("5;url=/signed-out");
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        var again = await browser.SubmitAsync(await browser.GetAsync("/sign-out"), new Dictionary<string, string>());
        again.Location!.ToString().ShouldBe("/signed-out");
    }

    [Fact]
    public async Task L9_Where_no_client_wants_it_there_is_no_page_in_between()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        (await browser.GetAsync(EndSession(tokens.IdToken!, Bye, "s"))).Location!.ToString().ShouldBe(Bye + "?state=s");
    }

    [Fact]
    public async Task L9_The_page_speaks_the_language_that_the_client_wished_for()
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, "https://app.example.com/out");
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        var page = await browser.GetAsync(EndSession(tokens.IdToken!, Bye, "s") + "&ui_locales=de");
        page.Document.QuerySelector("h1")!.TextContent.ShouldBe("Sie werden abgemeldet");
    }

    private static async Task<(Browser Browser, string Hint, Answer Page)> SignedOutAsync(World world, RelyingParty client)
    {
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        return (browser, tokens.IdToken!, await browser.GetAsync(EndSession(tokens.IdToken!, Bye, "s")));
    }

    private static Task<RelyingParty> AddClientAsync(World world, string address, params string[] redirectUris) =>
        world.AddClientAsync(extra: $"\"frontchannel_logout_uri\":\"{address}\"", redirectUris: redirectUris);

    private static List<string> Frames(Answer page) => [.. page.Document.QuerySelectorAll("iframe").Select(frame => frame.GetAttribute("src")!)];

    private static string EndSession(string hint, string uri, string state) =>
        $"/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri={Uri.EscapeDataString(uri)}&state={Uri.EscapeDataString(state)}";
}

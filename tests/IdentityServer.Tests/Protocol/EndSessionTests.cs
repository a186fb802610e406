using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

public sealed class EndSessionTests
{
    private const string Bye = "https://app.example.com/bye";

    [Fact]
    public async Task With_a_hint_and_a_registered_address_the_person_is_signed_out_and_sent_back_with_the_state()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);

        var back = await browser.FollowAsync(await browser.GetAsync(EndSession(tokens.IdToken, Bye, "a b&c")));
        back.Location!.ToString().ShouldStartWith(Bye);
        back.Parameter("state").ShouldBe("a b&c");

        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_cookie_that_was_copied_before_the_sign_out_is_dead_after_it()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        var copied = browser.Cookies.GetAllCookies().Single(cookie => cookie.Name == "idsrv.session").Value;
        await browser.FollowAsync(await browser.GetAsync(EndSession(tokens.IdToken, Bye, null)));
        var thief = world.OpenBrowser();
        thief.Cookies.Add(world.Server.Address, new Cookie("idsrv.session", copied));
        (await thief.FollowAsync(await thief.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    [Theory]
    [InlineData("https://app.example.com/elsewhere")]
    [InlineData("https://evil.example/bye")]
    public async Task An_unregistered_address_is_never_gone_to(string uri)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        var answer = await browser.FollowAsync(await browser.GetAsync(EndSession(tokens.IdToken, uri, null)));
        answer.Location.ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_hint_the_person_is_asked_and_never_redirected()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), email);
        var asked = await browser.FollowAsync(await browser.GetAsync(EndSession(null, Bye, "s") + "&client_id=" + client.Id));
        asked.Status.ShouldBe(HttpStatusCode.OK);
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull("asking ends nothing");
        var done = await browser.FollowAsync(await browser.SubmitAsync(asked, new Dictionary<string, string>()));
        done.Body.ShouldContain("signed out");
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    [Fact]
    public async Task A_forged_hint_signs_nobody_out_without_asking()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        var parts = tokens.IdToken!.Split('.');
        foreach (var forged in new[] { Forgeries.None(tokens.IdToken), $"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}" })
        {
            var answer = await browser.FollowAsync(await browser.GetAsync(EndSession(forged, Bye, null)));
            answer.Location.ShouldBeNull();
            (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull();
        }
    }

    private static string EndSession(string? hint, string? uri, string? state) =>
        "/connect/endsession?x=1"
        + (hint is null ? "" : "&id_token_hint=" + hint)
        + (uri is null ? "" : "&post_logout_redirect_uri=" + Uri.EscapeDataString(uri))
        + (state is null ? "" : "&state=" + Uri.EscapeDataString(state));
}

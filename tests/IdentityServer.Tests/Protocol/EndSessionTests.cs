using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol;

public sealed class EndSessionTests
{
    private const string Bye = "https://app.example.com/bye";

    [Fact]
    public async Task L1_With_a_hint_and_a_registered_address_the_person_is_signed_out_and_sent_back_with_the_state()
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
    public async Task L2_Without_a_state_none_comes_back()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);

        (await browser.GetAsync(EndSession(tokens.IdToken, Bye, null))).Location!.ToString().ShouldBe(Bye);
    }

    [Fact]
    public async Task L6_With_nothing_given_the_person_is_asked_and_signed_out_and_stays_with_us()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), await world.AddUserAsync());

        var asked = await browser.FollowAsync(await browser.GetAsync("/connect/endsession"));
        asked.Document.QuerySelector("h1")!.TextContent.ShouldBe("Sign out?");
        IsSignedIn(await SilentlyAsync(browser, client));
        var done = await browser.FollowAsync(await browser.SubmitAsync(asked, new Dictionary<string, string>()));

        done.Document.QuerySelector("h1")!.TextContent.ShouldBe("You are signed out");
        IsSignedOut(await SilentlyAsync(browser, client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task L7_Afterwards_nobody_is_signed_in_silently_at_any_client(bool hinted)
    {
        await using var world = await World.StartAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        IsSignedIn(await SilentlyAsync(browser, other));

        var answer = await browser.FollowAsync(await browser.GetAsync(EndSession(hinted ? tokens.IdToken : null, null, null)));
        if (!hinted)
        {
            await browser.SubmitAsync(answer, new Dictionary<string, string>());
        }

        IsSignedOut(await SilentlyAsync(browser, client));
        IsSignedOut(await SilentlyAsync(browser, other));
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
    [InlineData("https://app.example.com/Bye")]
    [InlineData("https://app.example.com/bye/")]
    [InlineData("https://app.example.com/bye?next=1")]
    [InlineData("https://app.example.com.evil.example/bye")]
    public async Task L3_An_unregistered_or_altered_address_is_never_gone_to(string uri)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        foreach (var named in new[] { "", "&client_id=" + client.Id })
        {
            var answer = await browser.FollowAsync(await browser.GetAsync(EndSession(tokens.IdToken, uri, null) + named));
            answer.Status.ShouldBe(HttpStatusCode.BadRequest, named);
            answer.Location.ShouldBeNull(named);
            answer.Message.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Authority).ShouldBe(world.Server.Address.GetLeftPart(UriPartial.Authority));
            answer.Document.QuerySelector("h1")!.TextContent.ShouldBe("This request could not be read");
            answer.Document.QuerySelectorAll("meta[http-equiv=refresh], iframe, form").ShouldBeEmpty(named);
            answer.Body.ShouldNotContain(uri);
        }
    }

    [Fact]
    public async Task L4_Without_a_hint_the_person_is_asked_and_never_redirected()
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
    public async Task L5_A_forged_hint_signs_nobody_out_without_asking()
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

    [Fact]
    public async Task A_post_from_another_site_ends_nothing_and_is_asked_again_with_the_cookie()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var (victim, attacker) = (world.OpenBrowser(), world.OpenBrowser());
        await victim.SignInAsync(client.Start(), await world.AddUserAsync());
        var back = await attacker.SignInAsync(client.Start(), await world.AddUserAsync());
        var bait = (await client.ExchangeAsync(back.Parameter("code")!)).IdToken!;

        // A browser sends no Lax cookie with such a post, whoever is signed in.
        var posted = await world.OpenBrowser().PostAsync("/connect/endsession", Fields(bait, Bye, "s"));
        posted.Status.ShouldBe(HttpStatusCode.SeeOther);
        posted.Message.Headers.Contains("Set-Cookie").ShouldBeFalse("it would take the victim's session");
        posted.Parameter("id_token_hint").ShouldBe(bait);
        IsSignedIn(await SilentlyAsync(attacker, client));

        var asked = await victim.FollowAsync(posted);
        asked.Status.ShouldBe(HttpStatusCode.OK);
        asked.Document.QuerySelector("h1")!.TextContent.ShouldBe("Sign out?");
        asked.Message.Headers.Contains("Set-Cookie").ShouldBeFalse();
        IsSignedIn(await SilentlyAsync(victim, client));
        IsSignedIn(await SilentlyAsync(attacker, client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_may_post_its_request(bool cookieComesAlong)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        var sender = cookieComesAlong ? browser : world.OpenBrowser();

        var back = await browser.FollowAsync(await sender.PostAsync("/connect/endsession", Fields(tokens.IdToken!, Bye, "a b&c")));

        back.Location!.ToString().ShouldStartWith(Bye);
        back.Parameter("state").ShouldBe("a b&c");
        IsSignedOut(await SilentlyAsync(browser, client));
    }

    [Fact]
    public async Task A_post_that_fits_no_address_is_put_to_the_person()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        var posted = await world.OpenBrowser().PostAsync("/connect/endsession", Fields(tokens.IdToken!, Bye, new string('s', 8_000)));
        posted.Location!.ToString().ShouldBe("/sign-out");
        IsSignedIn(await SilentlyAsync(browser, client));
    }

    [Fact]
    public async Task A_hint_for_a_session_that_nobody_knows_any_more_ends_no_session_without_asking()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var stale = (await client.SignInAsync(email)).IdToken!;
        await world.ReadAsync(db => db.AuthenticationSessions.ExecuteDeleteAsync(TestContext.Current.CancellationToken));
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), email);

        var asked = await browser.FollowAsync(await browser.GetAsync(EndSession(stale, Bye, null)));
        asked.Document.QuerySelector("h1")!.TextContent.ShouldBe("Sign out?");
        IsSignedIn(await SilentlyAsync(browser, client));

        // Where nobody is signed in there is nothing to ask and nothing to end.
        var back = await world.OpenBrowser().GetAsync(EndSession(stale, Bye, null));
        back.Location!.ToString().ShouldStartWith(Bye);
        IsSignedIn(await SilentlyAsync(browser, client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_the_browser_a_hint_ends_what_its_own_client_was_given_and_no_more(bool firstParty)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (hinting, other) = (await world.AddClientAsync(firstParty: firstParty), await world.AddClientAsync());
        var browser = world.OpenBrowser();
        var others = await other.ExchangeAsync((await browser.SignInAsync(other.Start(), email)).Parameter("code")!);
        var first = await hinting.ExchangeAsync(await ConsentedAsync(browser, hinting));
        var second = await hinting.ExchangeAsync(await ConsentedAsync(browser, hinting));

        for (var turn = 0; turn < 2; turn++)
        {
            (await world.OpenBrowser().GetAsync(EndSession(first.IdToken, Bye, null))).Location!.ToString().ShouldStartWith(Bye);
        }

        (await hinting.RefreshAsync(first.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await hinting.RefreshAsync(second.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await hinting.UserInfoAsync(second.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await other.UserInfoAsync(others.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await other.RefreshAsync(others.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
        IsSignedIn(await SilentlyAsync(browser, other));
        var told = await world.ReadAsync(db => db.AuditEvents.SingleAsync(entry => entry.Name == AuditEvents.ClientSignedOut, TestContext.Current.CancellationToken));
        told.ClientId.ShouldBe(hinting.Id);
        told.SessionId.ShouldBe(Guid.ParseExact(first.IdTokenClaims.GetProperty("sid").GetString()!, "N"));
    }

    [Fact]
    public async Task A_hint_from_another_browser_of_the_same_person_ends_the_session_here_and_its_own_tokens_there()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var (here, there) = (world.OpenBrowser(), world.OpenBrowser());
        await here.SignInAsync(client.Start(), email);
        var given = await client.ExchangeAsync((await there.SignInAsync(client.Start(), email)).Parameter("code")!);

        (await here.GetAsync(EndSession(given.IdToken, Bye, null))).Location!.ToString().ShouldStartWith(Bye);

        IsSignedOut(await SilentlyAsync(here, client));
        (await client.RefreshAsync(given.RefreshToken!)).Error.ShouldBe("invalid_grant");
        IsSignedIn(await SilentlyAsync(there, other));
    }

    // A code for the client in a session that is there, with consent where the client needs it.
    private static async Task<string> ConsentedAsync(Browser browser, RelyingParty client)
    {
        var answer = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        if (answer.Location is null)
        {
            answer = await browser.FollowAsync(await browser.SubmitAsync(answer, new Dictionary<string, string> { ["Answer"] = "allow" }));
        }

        return answer.Parameter("code")!;
    }

    private static async Task<Answer> SilentlyAsync(Browser browser, RelyingParty client) =>
        await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))));

    private static void IsSignedIn(Answer answer) => answer.Parameter("code").ShouldNotBeNull(answer.Location?.ToString());

    private static void IsSignedOut(Answer answer) => answer.Parameter("error").ShouldBe("login_required");

    private static Dictionary<string, string> Fields(string hint, string uri, string state) =>
        new() { ["id_token_hint"] = hint, ["post_logout_redirect_uri"] = uri, ["state"] = state };

    private static string EndSession(string? hint, string? uri, string? state) =>
        "/connect/endsession?x=1"
        + (hint is null ? "" : "&id_token_hint=" + hint)
        + (uri is null ? "" : "&post_logout_redirect_uri=" + Uri.EscapeDataString(uri))
        + (state is null ? "" : "&state=" + Uri.EscapeDataString(state));
}

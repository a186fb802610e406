using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.SignIn;

/// <summary>Threats 6, 7, 8, 13, 16, 17, 18, 24: half a sign-in is none.</summary>
public sealed class NoWayRoundTests
{
    private static readonly string[] Endpoints =
    [
        "/connect/authorize", "/connect/token", "/connect/userinfo", "/connect/introspect", "/connect/revoke", "/connect/endsession",
        "/connect/par", "/sign-in", "/sign-in/code", "/consent", "/sign-out", "/",
    ];

    [Fact]
    public async Task The_pending_cookie_opens_nothing_whatever_it_is_shown_as()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.ReachCodePageAsync(client.Start(), email);
        var pending = browser.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value;

        var thief = world.OpenBrowser();
        thief.Cookies.Add(world.Server.Address, new Cookie("idsrv.session", pending));
        (await thief.FollowAsync(await thief.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        foreach (var endpoint in Endpoints)
        {
            foreach (var authorization in new[] { $"Bearer {pending}", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.Id}:{pending}")) })
            {
                thief.Headers["Authorization"] = authorization;
                foreach (var answer in new[]
                {
                    await thief.GetAsync(endpoint),
                    await thief.PostAsync(endpoint, new Dictionary<string, string> { ["token"] = pending, ["code"] = pending, ["grant_type"] = "authorization_code" }),
                })
                {
                    answer.Body.ShouldNotContain("access_token");
                    answer.Parameter("code").ShouldBeNull();
                    (endpoint.Contains("userinfo", StringComparison.Ordinal) && answer.Status == HttpStatusCode.OK).ShouldBeFalse();
                }
            }
        }

        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(0);
    }

    [Fact]
    public async Task No_order_of_pages_replaces_a_step()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var signIn = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        var query = signIn.Message.RequestMessage!.RequestUri!.Query;

        // Straight back to the authorization endpoint, to consent, to a made-up challenge, before the password ...
        await ShouldEndAtSignInAsync(browser, "/connect/authorize" + query);
        (await browser.GetAsync("/consent" + query)).Status.ShouldBe(HttpStatusCode.NotFound);
        await ShouldEndAtSignInAsync(browser, "/sign-in/code" + query + "&challenge=" + Guid.NewGuid().ToString("N"));

        // ... and after it.
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(signIn, email));
        codePage.Document.QuerySelector("#code").ShouldNotBeNull();
        await ShouldEndAtSignInAsync(browser, "/connect/authorize" + query);
        (await browser.GetAsync("/consent" + query)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        (await world.ReadAsync(db => db.Tokens.CountAsync(token => token.Subject != null, TestContext.Current.CancellationToken))).ShouldBe(0);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "not an address, 10.0.0.1")]
    [InlineData("X-Forwarded-For", "")]
    [InlineData("X-Forwarded-Host", "evil.example")]
    [InlineData("X-Forwarded-Proto", "javascript")]
    [InlineData("Forwarded", "for=\"_hidden\";host=evil.example;proto=https")]
    [InlineData("X-Original-URL", "/connect/token")]
    [InlineData("X-Rewrite-URL", "/connect/token")]
    [InlineData("X-HTTP-Method-Override", "GET")]
    [InlineData("X-Forwarded-User", "admin")]
    [InlineData("Remote-User", "admin")]
    public async Task A_header_skips_no_step_and_moves_no_mail(string name, string value)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        browser.Headers[name] = value;
        var page = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        if (value == "javascript")
        {
            page.Status.ShouldBe(HttpStatusCode.BadRequest, "a scheme that is none is refused before anything answers");
            return;
        }

        page.Document.QuerySelector("#password").ShouldNotBeNull("the password is asked for");
        var wrong = await browser.EnterPasswordAsync(page, email, "not-the-password");
        wrong.Alert.ShouldNotBeNull();
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, email));
        codePage.Document.QuerySelector("#code").ShouldNotBeNull("the code is asked for");
        var mail = await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
        mail.Source.ShouldNotContain("evil", Case.Sensitive); // in any case the letters may stand in a boundary by chance
        mail.Text.ShouldContain(world.Server.Address.Authority);
    }

    [Fact]
    public async Task A_planted_handle_never_becomes_a_session()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var victim = world.OpenBrowser();
        var planted = Convert.ToBase64String(new byte[48]).TrimEnd('=');
        victim.Cookies.Add(world.Server.Address, new Cookie("idsrv.session", planted));
        var page = await victim.ReachCodePageAsync("/sign-in", email);
        var pendingBefore = victim.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value;
        await victim.EnterCodeAsync(page, await victim.ReadCodeAsync(email));
        var session = victim.Cookies.GetAllCookies().Single(cookie => cookie.Name == "idsrv.session").Value;
        session.ShouldNotBe(planted);
        session.ShouldNotBe(pendingBefore);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-in/code")]
    [InlineData("/sign-out")]
    [InlineData("/sign-up")]
    [InlineData("/sign-up/code")]
    [InlineData("/reset")]
    [InlineData("/reset/code")]
    public async Task A_post_without_the_pages_own_token_changes_nothing(string path)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);
        var target = path == "/sign-in/code" ? page.Message.RequestMessage!.RequestUri!.PathAndQuery : path;
        var answer = await browser.PostAsync(target, new Dictionary<string, string> { ["Email"] = email, ["Password"] = World.Password, ["Digits"] = code });
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(0);
        (await world.ReadAsync(db => db.OtpChallenges.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(1); // the sign-in's own
    }

    [Fact]
    public async Task A_code_page_opened_in_another_browser_is_void()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);
        var stranger = world.OpenBrowser();
        var address = page.Message.RequestMessage!.RequestUri!.PathAndQuery;
        (await stranger.GetAsync(address)).Parameter("reason").ShouldBe("code-void");
        var own = await stranger.GetAsync("/sign-in");
        var answer = await stranger.PostAsync(address, new Dictionary<string, string>
        {
            ["antiforgery"] = own.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!,
            ["Digits"] = code,
        });
        answer.Parameter("reason").ShouldBe("code-void");
        (await browser.EnterCodeAsync(page, code)).Status.ShouldBe(HttpStatusCode.SeeOther, "the stranger charged nothing");
    }

    [Fact]
    public async Task A_browser_that_signed_in_before_is_asked_for_the_code_all_the_same()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var owner = world.OpenBrowser();
        await owner.SignInAsync(client.Start(), email);
        var known = owner.Cookies.GetAllCookies().Single(cookie => cookie.Name == "idsrv.browser").Value;

        var thief = world.OpenBrowser();
        thief.Cookies.Add(world.Server.Address, new Cookie("idsrv.browser", known));
        var page = await thief.ReachCodePageAsync(client.Start(), email);
        page.Document.QuerySelector("#code").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("https:evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("https://127.0.0.1@evil.example/")]
    [InlineData("urn:ietf:params:oauth:request_uri:\r\nLocation: https://evil.example")]
    public async Task Threat_24_No_parameter_leads_a_sign_in_elsewhere(string hostile)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        foreach (var parameter in new[] { "request_uri", "returnUrl", "return_url", "ReturnUrl", "redirect_uri", "next", "client_id", "reason" })
        {
            await world.AdvanceAsync(TimeSpan.FromHours(4));
            var browser = world.OpenBrowser();
            var start = $"/sign-in?client_id=x&{parameter}={Uri.EscapeDataString(hostile)}";
            var page = await browser.GetAsync(start);
            page.Status.ShouldBe(HttpStatusCode.OK);
            var next = await browser.EnterPasswordAsync(page, email);
            next.Location!.ToString().ShouldStartWith("/sign-in/code?");
            var codePage = await browser.FollowAsync(next);
            var done = await browser.EnterCodeAsync(codePage, await browser.ReadCodeAsync(email));
            done.Location!.ToString().ShouldMatch("^/(connect/authorize\\?.*)?$");
            // Whatever was said of the request stays among its parameters; the way itself is ours, and where it ends up says no.
            done.Message.Headers.GetValues("Location").ShouldHaveSingleItem().Split('?')[0].ShouldBeOneOf("/", "/connect/authorize");
            (await browser.FollowAsync(done)).Location.ShouldBeNull();
        }
    }

    [Fact]
    public async Task Unknown_addresses_and_wrong_passwords_get_the_same_answer()
    {
        await using var world = await World.StartAsync();
        var known = await world.AddUserAsync("abcdefgh-known@example.com");
        const string unknown = "abcdefgh-other@example.com";
        var answers = new List<string>();
        foreach (var address in new[] { known, unknown })
        {
            var browser = world.OpenBrowser();
            var answer = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), address, "not-the-password");
            var headers = string.Join('\n', answer.Message.Headers.Concat(answer.Message.Content.Headers)
                .Where(header => header.Key is not ("Date" or "Set-Cookie"))
                .Select(header => $"{header.Key}: {string.Join(',', header.Value)}"));
            var token = answer.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
            answers.Add(((int)answer.Status) + headers + answer.Body.Replace(token, "*", StringComparison.Ordinal).Replace(address, "@", StringComparison.Ordinal));
        }

        answers[0].ShouldBe(answers[1]);
    }

    private static async Task ShouldEndAtSignInAsync(Browser browser, string url)
    {
        var answer = await browser.FollowAsync(await browser.GetAsync(url));
        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Message.RequestMessage!.RequestUri!.AbsolutePath.ShouldBe("/sign-in");
    }
}

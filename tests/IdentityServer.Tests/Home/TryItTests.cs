using System.Net;
using System.Net.Http.Json;
using IdentityServer.Home.TryIt;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Home;

public sealed class TryItTests
{
    [Fact]
    public async Task A_person_tries_a_sign_in_sees_what_the_application_got_and_signs_out()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();

        var result = await browser.TryItAsync();

        result.Status.ShouldBe(HttpStatusCode.OK);
        result.Message.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/try-it/result");
        var identity = result.Claims("id-token");
        identity["aud"].Value.ShouldBe("try-it");
        identity["iss"].Value.ShouldBe(world.Server.Address.AbsoluteUri);
        identity["amr"].Value.ShouldBe("""["pwd","otp"]""");
        identity["auth_time"].Value.ShouldEndWith("(2026-03-02 09:00:00 UTC)");
        foreach (var section in (string[])["id-token", "access-token", "userinfo"])
        {
            result.Claims(section).Where(claim => string.IsNullOrEmpty(claim.Value.Meaning)).ShouldBeEmpty($"every claim of {section} is explained");
        }

        result.Claims("access-token")["scope"].Value.ShouldContain("profile");
        result.Claims("userinfo")["name"].Value.ShouldBe("Alice Liddell");
        result.Claims("userinfo")["email_verified"].Value.ShouldBe("true");
        result.Claims("userinfo")["sub"].Value.ShouldBe(identity["sub"].Value);
        result.Document.QuerySelector("section[aria-labelledby=access-token]")!.TextContent.ShouldContain("Good until 09:15 UTC");

        var home = await browser.FollowAsync(await browser.SubmitAsync(result, new Dictionary<string, string>(), "/connect/endsession"));
        home.Message.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/?state=signed-out");
        home.Document.QuerySelector("[role=status]")!.TextContent.ShouldContain("You are signed out");

        (await UserInfoAsync(world, result.RawToken("access-token"))).ShouldBe(HttpStatusCode.Unauthorized);
        var again = await browser.FollowAsync(await browser.GetAsync("/try-it"));
        again.Document.QuerySelector("input[autocomplete=current-password]").ShouldNotBeNull();
    }

    [Fact]
    public async Task Trying_again_asks_nothing_and_trying_again_with_everything_asks_for_both()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        var first = await browser.TryItAsync();

        await world.AdvanceAsync(TimeSpan.FromMinutes(2));
        var silent = await browser.FollowAsync(await browser.GetAsync("/try-it"));
        silent.Claims("id-token")["auth_time"].ShouldBe(first.Claims("id-token")["auth_time"]);
        silent.Claims("id-token")["nonce"].Value.ShouldNotBe(first.Claims("id-token")["nonce"].Value);

        var asked = await browser.TryItAsync("/try-it?prompt=login");
        asked.Claims("id-token")["auth_time"].Value.ShouldEndWith("(2026-03-02 09:02:00 UTC)");
    }

    [Fact]
    public async Task Reloading_shows_the_same_result_and_trades_no_code_twice()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        var answered = await browser.AnswerEverythingAsync();
        var first = await browser.FollowAsync(answered);

        var reloaded = await browser.FollowAsync(await browser.GetAsync(answered.Location!.PathAndQuery));

        reloaded.RawToken("id-token").ShouldBe(first.RawToken("id-token"));
        (await UserInfoAsync(world, first.RawToken("access-token"))).ShouldBe(HttpStatusCode.OK, "a code sent twice would have revoked it");
    }

    [Fact]
    public async Task A_result_is_gone_after_half_an_hour()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        await browser.TryItAsync();

        await world.AdvanceAsync(TryItShelf.Lifetime - TimeSpan.FromSeconds(1));
        (await browser.GetAsync("/try-it/result")).Status.ShouldBe(HttpStatusCode.OK);

        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        var late = await browser.FollowAsync(await browser.GetAsync("/try-it/result"));
        late.Alert!.ShouldContain("No sign-in is under way");
    }

    [Fact]
    public async Task An_answer_that_this_browser_did_not_ask_for_is_not_traded()
    {
        await using var world = await World.StartAsync();
        var stranger = world.OpenBrowser();
        var theirs = await stranger.AnswerEverythingAsync();

        // Without an attempt of its own, and with one.
        var victim = world.OpenBrowser();
        (await victim.GetAsync(theirs.Location!.PathAndQuery)).Alert!.ShouldContain("No sign-in is under way");
        await victim.GetAsync("/try-it");
        var refused = await victim.GetAsync(theirs.Location.PathAndQuery);

        refused.Status.ShouldBe(HttpStatusCode.BadRequest);
        refused.Alert!.ShouldContain("No sign-in is under way");
        (await CodeIsUnusedAsync(world)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_answer_in_the_name_of_another_server_is_not_traded()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        var answered = await browser.AnswerEverythingAsync();

        var mixedUp = answered.Location!.Query.Replace(
            Uri.EscapeDataString(world.Server.Address.AbsoluteUri), Uri.EscapeDataString("https://other.example/"), StringComparison.Ordinal);
        mixedUp.ShouldNotBe(answered.Location.Query);
        var refused = await browser.GetAsync("/try-it/callback" + mixedUp);

        refused.Alert!.ShouldContain("does not come from this server");
        (await CodeIsUnusedAsync(world)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_code_of_somebody_elses_request_is_worth_nothing()
    {
        await using var world = await World.StartAsync();
        var theirs = await world.OpenBrowser().AnswerEverythingAsync();
        var browser = world.OpenBrowser();
        var began = await browser.GetAsync("/try-it");

        var injected = await browser.GetAsync(QueryString("/try-it/callback", ("state", began.Parameter("state")), ("iss", theirs.Parameter("iss")), ("code", theirs.Parameter("code"))));

        injected.Alert!.ShouldContain("did not trade the code");
        injected.Body.ShouldContain("invalid_grant");
    }

    [Fact]
    public async Task A_no_from_the_server_is_told_kindly_and_encoded()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        var began = await browser.GetAsync("/try-it");
        var iss = world.Server.Address.AbsoluteUri;

        var denied = await browser.GetAsync(QueryString("/try-it/callback",
            ("state", began.Parameter("state")), ("iss", iss), ("error", "access_denied"), ("error_description", "<script>alert(1)</script>")));

        denied.Status.ShouldBe(HttpStatusCode.BadRequest);
        denied.Alert.ShouldBe("You said no, and the application got nothing.");
        denied.Document.Scripts.ShouldBeEmpty();
        denied.Document.QuerySelector("a.primary")!.TextContent.ShouldBe("Try again");
    }

    [Theory]
    [InlineData("/connect/userinfo", """{"sub":"somebody-else"}""", "somebody else")]
    [InlineData("/.well-known/jwks", """{"keys":[]}""", "did not pass")]
    [InlineData("/connect/token", """{"error":"server_error"}""", "did not trade the code")]
    [InlineData("/connect/token", "<html>", "did not pass")]
    [InlineData("/connect/userinfo", null, "could not talk to the server")]
    public async Task What_the_server_answers_is_checked(string path, string? instead, string problem)
    {
        await using var world = await World.StartAsync(configure: setup => TryItWorld.Between(setup, request =>
            request.RequestUri!.AbsolutePath != path ? null
            : instead is null ? throw new HttpRequestException("The connection was closed.")
            : new HttpResponseMessage { Content = new StringContent(instead) }));

        var end = await world.OpenBrowser().TryItAsync();

        end.Status.ShouldBe(HttpStatusCode.BadRequest);
        end.Alert!.ShouldContain(problem);
    }

    [Fact]
    public async Task What_the_browser_keeps_of_an_attempt_is_unreadable_and_out_of_reach_of_scripts()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();

        var began = await browser.GetAsync("/try-it");

        var cookie = browser.Cookies.GetCookies(world.Server.Address).Single(cookie => cookie.Name.Contains("try-it", StringComparison.Ordinal));
        cookie.HttpOnly.ShouldBeTrue();
        began.Message.Headers.GetValues("Set-Cookie").Single().ShouldContain("samesite=lax", Case.Insensitive);
        cookie.Value.ShouldNotContain(began.Parameter("state")!);
        cookie.Value.ShouldNotContain(began.Parameter("nonce")!);
        began.Parameter("code_challenge_method").ShouldBe("S256");
    }

    private static string QueryString(string path, params (string Name, string? Value)[] parameters) =>
        path + "?" + string.Join('&', parameters.Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));

    private static async Task<HttpStatusCode> UserInfoAsync(World world, string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new("Bearer", accessToken);
        return (await world.Server.CreateClient(cookies: false).SendAsync(request, TestContext.Current.CancellationToken)).StatusCode;
    }

    private static Task<bool> CodeIsUnusedAsync(World world) => world.ReadAsync(db =>
        db.Set<Storage.Entities.Token>().AnyAsync(token => token.Type!.EndsWith("authorization_code") && token.Status == "valid"));
}

using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>A10 to A15 and threat 21: which session is good enough for a request, and when a person gives both steps again.</summary>
public sealed class SessionFreshnessTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    public async Task A10_With_a_session_a_code_comes_without_a_page_for_the_same_person_and_sign_in(string? prompt)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var first = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        browser.Seen.Clear();
        var back = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", prompt))));

        browser.Seen.ShouldAllBe(answer => answer.Location != null, "nobody sees a page");
        back.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        var second = await client.ExchangeAsync(back.Parameter("code")!);
        second.IdTokenClaims.GetProperty("sub").GetString().ShouldBe(first.IdTokenClaims.GetProperty("sub").GetString());
        second.IdTokenClaims.GetProperty("auth_time").GetInt64().ShouldBe(first.IdTokenClaims.GetProperty("auth_time").GetInt64());
    }

    [Fact]
    public async Task A12_A_fresh_sign_in_is_both_steps_again_with_a_later_auth_time()
    {
        await using var world = await World.StartAsync();
        await AskForBothStepsAsync(world, "prompt", "login");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    public async Task A13_An_outlived_max_age_is_both_steps_again_and_no_loop_when_they_take_longer(string seconds)
    {
        await using var world = await World.StartAsync();
        await AskForBothStepsAsync(world, "max_age", seconds);
    }

    [Fact]
    public async Task A14_The_prompt_select_account_is_both_steps_again()
    {
        await using var world = await World.StartAsync();
        await AskForBothStepsAsync(world, "prompt", "select_account");
    }

    [Fact]
    public async Task A12_A_sign_in_for_one_request_does_not_satisfy_the_prompt_of_another()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var waiting = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "login"))));
        await browser.SignInAsync(client.Start(), email);
        var query = waiting.Message.RequestMessage!.RequestUri!.Query;
        var again = await browser.FollowAsync(await browser.GetAsync("/connect/authorize" + query));
        again.Document.QuerySelector("#password").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("soon")]
    [InlineData("1&max_age=2")]
    public async Task A13_A_max_age_that_is_no_count_of_seconds_is_refused_to_the_client(string value)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var answer = await browser.GetAsync(client.Start() + "&max_age=" + value);
        var pushed = await client.PostAsync("/connect/par", client.Request(("max_age", "-1")));

        answer.Parameter("error").ShouldBe("invalid_request", answer.Body);
        answer.Location!.ToString().ShouldStartWith(RelyingParty.RedirectUri);
        pushed.Error.ShouldBe("invalid_request");
    }

    [Fact]
    public async Task A13_A_max_age_without_a_value_is_as_if_it_were_not_there()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("max_age", ""))))).Document.QuerySelector("#password").ShouldNotBeNull();
    }

    [Fact]
    public async Task A14_A_max_age_that_is_met_asks_nothing()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), email);
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("max_age", "10000"))))).Parameter("code").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("1000000000000")]
    [InlineData("99999999999999999999999999999999")]
    public async Task A14_A_max_age_beyond_all_time_is_met_by_any_session(string value)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), email);
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("max_age", value))))).Parameter("code").ShouldNotBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A14_The_prompt_consent_asks_again_and_leads_to_the_code(bool firstParty)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(firstParty: firstParty);
        var browser = world.OpenBrowser();
        var start = client.Start(("prompt", "consent"));
        var allow = new Dictionary<string, string> { ["Answer"] = "allow" };
        await browser.FollowAsync(await browser.SubmitAsync(await browser.SignInAsync(start, await world.AddUserAsync()), allow));
        (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code").ShouldNotBeNull("what was allowed is not asked by itself");

        var asked = await browser.FollowAsync(await browser.GetAsync(start));

        asked.Location.ShouldBeNull();
        asked.Document.QuerySelector("h1")!.TextContent.ShouldContain("Test app");
        var back = await browser.FollowAsync(await browser.SubmitAsync(asked, allow));
        (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("urn:identityserver:acr:pwd-emailotp")]
    [InlineData("urn:example:gold 1")]
    public async Task A15_Whatever_acr_values_ask_for_the_acr_is_ours_and_one_that_discovery_lists(string wanted)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var listed = System.Text.Json.JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body)
            .RootElement.GetProperty("acr_values_supported").EnumerateArray().Select(value => value.GetString()).ToList();

        var back = await browser.SignInAsync(client.Start(("acr_values", wanted)), await world.AddUserAsync());

        var acr = (await client.ExchangeAsync(back.Parameter("code")!)).IdTokenClaims.GetProperty("acr").GetString();
        acr.ShouldBe("urn:identityserver:acr:pwd-emailotp");
        listed.ShouldContain(acr);
    }

    [Fact]
    public async Task Threat_21_Prompt_none_asks_nothing_of_a_session_that_is_too_old_and_does_not_renew_it()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        for (var turn = 0; turn < 2; turn++)
        {
            var answer = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("max_age", "60"))));
            answer.Parameter("error").ShouldBe("login_required");
            answer.Parameter("code").ShouldBeNull();
        }
    }

    // A signed-in person is asked for password and code, however slowly they come, and the client learns when that was.
    private static async Task AskForBothStepsAsync(World world, string name, string value)
    {
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var first = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        await world.AdvanceAsync(TimeSpan.FromSeconds(90));

        var page = await browser.ReachCodePageAsync(client.Start((name, value)), email);
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email)));

        var second = await client.ExchangeAsync(back.Parameter("code")!);
        second.IdTokenClaims.GetProperty("auth_time").GetInt64().ShouldBe(first.IdTokenClaims.GetProperty("auth_time").GetInt64() + 390);
    }
}

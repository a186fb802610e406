using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>Threat 20, and what a request may ask for. What it may ask of the session is in <see cref="SessionFreshnessTests"/>.</summary>
public sealed class AuthorizationTests
{
    [Fact]
    public async Task Threat_20_Discovery_names_nothing_that_could_skip_the_code()
    {
        await using var world = await World.StartAsync();
        var answer = await world.OpenBrowser().GetAsync("/.well-known/openid-configuration");
        var json = System.Text.Json.JsonDocument.Parse(answer.Body).RootElement;
        Strings(json, "grant_types_supported").ShouldBe(["authorization_code", "refresh_token", "client_credentials"], ignoreOrder: true);
        Strings(json, "response_types_supported").ShouldBe(["code"]);
        Strings(json, "code_challenge_methods_supported").ShouldBe(["S256"]);
        Strings(json, "acr_values_supported").ShouldBe(["urn:identityserver:acr:pwd-emailotp"]);
        json.TryGetProperty("device_authorization_endpoint", out _).ShouldBeFalse();
        json.GetProperty("issuer").GetString().ShouldBe(world.Server.Address.ToString());
        foreach (var endpoint in new[] { "authorization", "token", "userinfo", "introspection", "revocation", "end_session", "pushed_authorization_request" })
        {
            json.GetProperty(endpoint + "_endpoint").GetString()!.ShouldContain("/connect/");
        }
    }

    [Theory]
    [InlineData("password")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code")]
    [InlineData("urn:ietf:params:oauth:grant-type:token-exchange")]
    [InlineData("urn:ietf:params:oauth:grant-type:jwt-bearer")]
    [InlineData("implicit")]
    public async Task Threat_20_Other_grants_are_refused(string grant)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var answer = await client.TokenAsync(new() { ["grant_type"] = grant, ["username"] = email, ["password"] = World.Password, ["scope"] = "openid" });
        answer.Error.ShouldBe("unsupported_grant_type");
    }

    [Theory]
    [InlineData("token")]
    [InlineData("id_token")]
    [InlineData("code id_token")]
    [InlineData("none")]
    public async Task Threat_20_Other_response_types_are_refused_before_anything_is_asked(string type)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var answer = await browser.GetAsync(client.Start(("response_type", type)));
        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        // What would have carried a token by the fragment is answered there.
        var parameters = System.Web.HttpUtility.ParseQueryString((answer.Location.Query + answer.Location.Fragment)[1..]);
        parameters["error"].ShouldBe("unsupported_response_type");
        parameters["access_token"].ShouldBeNull();
        parameters["id_token"].ShouldBeNull();
    }

    [Fact]
    public async Task A9_Prompt_none_never_asks_and_says_who_answers()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var refused = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))));
        refused.Parameter("error").ShouldBe("login_required");
        refused.Parameter("state").ShouldBe(client.Request()["state"]);
        refused.Parameter("iss").ShouldBe(world.Server.Address.ToString());

        await browser.SignInAsync(client.Start(), email);
        var silent = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))));
        silent.Parameter("code").ShouldNotBeNull();
        var contradiction = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none login"))));
        contradiction.Parameter("code").ShouldBeNull();
        contradiction.Parameter("error").ShouldBe("invalid_request");
    }

    [Fact]
    public async Task A11_A_hint_for_somebody_else_needs_their_sign_in()
    {
        await using var world = await World.StartAsync();
        var (one, two) = (await world.AddUserAsync(), await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var hint = (await client.SignInAsync(one)).IdToken!;
        var browser = world.OpenBrowser();
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("id_token_hint", hint))))).Document.QuerySelector(".notice").ShouldBeNull();
        await browser.SignInAsync(client.Start(), two);
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("id_token_hint", hint))))).Parameter("error").ShouldBe("login_required");
        var page = await browser.FollowAsync(await browser.GetAsync(client.Start(("id_token_hint", hint))));
        page.Document.QuerySelector("#password").ShouldNotBeNull();
        page.Document.QuerySelector(".notice")!.TextContent.ShouldContain("another account");
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "login"))))).Document.QuerySelector(".notice").ShouldBeNull();
        var same = world.OpenBrowser();
        await same.SignInAsync(client.Start(), one);
        (await same.FollowAsync(await same.GetAsync(client.Start(("prompt", "none"), ("id_token_hint", hint))))).Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task A2_A_login_hint_fills_in_the_address_and_unknown_parameters_do_no_harm_up_to_the_code()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.FollowAsync(await browser.GetAsync(
            client.Start(("login_hint", email), ("display", "popup"), ("ui_locales", "it"), ("claims_locales", "it"), ("acr_values", "1"), ("foo", "bar"))));
        page.Document.QuerySelector("#email")!.GetAttribute("value").ShouldBe(email);
        page.Document.DocumentElement.GetAttribute("lang").ShouldBe("it");

        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, email));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, (await browser.ReadMailAsync(email, "")).Code));

        back.Parameter("error").ShouldBeNull();
        (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A1_A_request_by_post_gives_what_one_by_get_gives_and_survives_both_pages()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        foreach (var byPost in new[] { false, true })
        {
            var browser = world.OpenBrowser();
            var page = await browser.FollowAsync(byPost ? await browser.PostAsync("/connect/authorize", client.Request()) : await browser.GetAsync(client.Start()));
            var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, email));
            var back = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, await browser.ReadCodeAsync(email)));

            back.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
            back.Parameter("state").ShouldBe(client.Request()["state"]);
            (await client.ExchangeAsync(back.Parameter("code")!)).IdTokenClaims.GetProperty("nonce").GetString().ShouldBe("nonce-1");
        }
    }

    [Fact]
    public async Task A_pushed_request_survives_a_ceremony_of_twenty_nine_minutes()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync(extra: "\"require_pushed_authorization_requests\":true");
        var browser = world.OpenBrowser();
        var direct = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        direct.Document.QuerySelector("#password").ShouldBeNull("this client must push");
        var pushed = await client.PostAsync("/connect/par", client.Request());
        pushed.Status.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.Created);
        var start = $"/connect/authorize?client_id={client.Id}&request_uri={Uri.EscapeDataString(pushed.Json.GetProperty("request_uri").GetString()!)}";

        var page = await browser.ReachCodePageAsync(start, email);
        await world.AdvanceAsync(TimeSpan.FromMinutes(29));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email)));

        (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.FollowAsync(await browser.GetAsync(start))).Parameter("code").ShouldBeNull("a request is used once");
    }

    [Fact]
    public async Task A_code_that_expired_leads_back_to_the_password_and_the_request_goes_on()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var late = await browser.ReadCodeAsync(email);
        await world.AdvanceAsync(TimeSpan.FromMinutes(30));
        var answer = await browser.EnterCodeAsync(page, late);
        answer.Parameter("reason").ShouldBe("code-void");
        var again = await browser.FollowAsync(answer);
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(again, email));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, await browser.ReadCodeAsync(email)));
        back.Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_client_that_is_not_ours_asks_for_consent_once_and_takes_a_no()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var asking = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();
        var consent = await browser.SignInAsync(asking.Start(), email);
        consent.Body.ShouldContain("not verified");
        var no = await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "deny" }));
        no.Parameter("error").ShouldBe("access_denied");

        var asked = await browser.FollowAsync(await browser.GetAsync(asking.Start()));
        (await browser.FollowAsync(await browser.GetAsync(asking.Start(("prompt", "none"))))).Parameter("error").ShouldBe("consent_required");
        var yes = await browser.FollowAsync(await browser.SubmitAsync(asked, new Dictionary<string, string> { ["Answer"] = "allow" }));
        yes.Parameter("code").ShouldNotBeNull();
        (await browser.FollowAsync(await browser.GetAsync(asking.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull();
        (await browser.FollowAsync(await browser.GetAsync(asking.Start(("prompt", "consent"))))).Body.ShouldContain("not verified");
    }

    [Theory]
    [InlineData("https://two.example.net:8443/callback", "two.example.net")]
    [InlineData("http://127.0.0.1:4711/callback", "127.0.0.1")]
    [InlineData("com.example.app:/callback", "com.example.app")]
    public async Task The_consent_page_names_where_this_request_leads_and_nothing_else(string uri, string named)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync(
            "none", "\"application_type\":\"native\"", firstParty: false,
            redirectUris: ["https://one.example.com/callback", "https://two.example.net:8443/callback", "http://127.0.0.1/callback", "com.example.app:/callback"]);
        var consent = await world.OpenBrowser().SignInAsync(client.Start(("redirect_uri", uri)), email);
        consent.Document.QuerySelectorAll(".hint strong").Select(strong => strong.TextContent).ShouldBe([email, named]);
        consent.Body.ShouldNotContain("one.example.com");
    }

    [Theory]
    [InlineData("https://app.example.com/callback/other")]
    [InlineData("https://app.example.com/callback?x=1")]
    [InlineData("https://app.example.com.evil.example/callback")]
    [InlineData("http://app.example.com/callback")]
    public async Task A5_An_unregistered_redirect_uri_gets_our_own_page(string uri)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var answer = await world.OpenBrowser().GetAsync(client.Start(("redirect_uri", uri)));
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Location.ShouldBeNull();
        answer.Document.QuerySelector("h1").ShouldNotBeNull();
    }

    private static IEnumerable<string?> Strings(System.Text.Json.JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(value => value.GetString());
}

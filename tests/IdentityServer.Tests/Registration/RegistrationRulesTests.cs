using System.Net;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Protocol.Logout;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Registration;

/// <summary>R3, R5 and R6: what may be registered, and that it is then so.</summary>
public sealed class RegistrationRulesTests
{
    [Theory]
    [InlineData("web", "https://app.example.com/callback#part", "fragment")]
    [InlineData("web", "https://*.example.com/callback", "wildcard")]
    [InlineData("web", "http://app.example.com/callback", "http")]
    [InlineData("web", "com.example.app:/callback", "native")]
    [InlineData("web", "/callback", "absolute")]
    [InlineData("native", "http://app.example.com/callback", "http")]
    [InlineData("native", "https://app.example.com/callback#part", "fragment")]
    [InlineData("native", "javascript:alert(1)", "")]
    [InlineData("native", "myapp:/callback", "")]
    public async Task R3_A_redirect_URI_that_is_not_safe_is_refused_with_the_reason(string type, string uri, string reason)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync($$"""{"application_type":"{{type}}","redirect_uris":["{{uri}}"]}""", "invalid_redirect_uri");

        answer.Fields.ShouldBe(["redirect_uris[0]"]);
        answer.Text("error_description")!.ShouldContain(reason, Case.Insensitive);
    }

    [Fact]
    public async Task R3_Without_a_redirect_URI_nobody_can_be_signed_in()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        (await stage.RefusedAsync("{}", "invalid_redirect_uri")).Fields.ShouldBe(["redirect_uris"]);
        (await stage.RefusedAsync("""{"redirect_uris":[]}""", "invalid_redirect_uri")).Fields.ShouldBe(["redirect_uris"]);
    }

    [Theory]
    [InlineData("web", "https://app.example.com/callback?a=b")]
    [InlineData("web", "http://127.0.0.1:8080/callback")]
    [InlineData("native", "com.example.app:/callback")]
    [InlineData("native", "http://127.0.0.1/callback")]
    [InlineData("native", "http://[::1]/callback")]
    public async Task R3_A_redirect_URI_that_is_safe_for_its_type_is_taken_as_written(string type, string uri)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RegisterAsync($$"""{"application_type":"{{type}}","token_endpoint_auth_method":"none","redirect_uris":["{{uri}}"]}""");

        answer.Json.GetProperty("redirect_uris").EnumerateArray().Select(value => value.GetString()).ShouldBe([uri]);
    }

    [Theory]
    [InlineData("http://app.example.com/login")]
    [InlineData("http://127.0.0.1/login")]
    [InlineData("javascript:alert(1)")]
    public async Task R5_A_sign_in_starts_at_https_only(string uri)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync($$"""{"redirect_uris":["https://app.example.com/callback"],"initiate_login_uri":"{{uri}}"}""", "invalid_client_metadata");

        answer.Fields.ShouldBe(["initiate_login_uri"]);
        (await stage.RegisterAsync("""{"redirect_uris":["https://app.example.com/callback"],"initiate_login_uri":"https://app.example.com/login"}"""))
            .Text("initiate_login_uri").ShouldBe("https://app.example.com/login");
    }

    [Fact]
    public async Task R6_Requests_must_be_pushed_where_that_is_registered()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var client = stage.PartyOf(await stage.RegisterAsync("""{"redirect_uris":["https://app.example.com/callback"],"require_pushed_authorization_requests":true}"""));
        (string, string?)[] scope = [("scope", "openid")];

        var direct = await stage.World.OpenBrowser().GetAsync(client.Start(scope));
        var pushed = await client.PostAsync("/connect/par", client.Request(scope));

        direct.Parameter("error").ShouldBe("invalid_request");
        pushed.Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task R6_The_registered_authentication_method_and_algorithm_hold()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var email = await stage.World.AddUserAsync();
        var registered = await stage.RegisterAsync(
            """{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_post","id_token_signed_response_alg":"ES256","scope":"openid"}""");
        var client = stage.PartyOf(registered);
        var other = new RelyingParty(stage.World.Server.CreateClient(cookies: false), () => stage.World.OpenBrowser(), client.Id, client.Secret, "client_secret_basic");

        var code = (await RegistrationStage.SignInAsync(stage.World.OpenBrowser(), client.Start(("scope", "openid")), email)).Parameter("code")!;
        var refused = await other.ExchangeAsync(code);
        var tokens = await client.ExchangeAsync(code);

        refused.Error.ShouldBe("invalid_client");
        tokens.Status.ShouldBe(HttpStatusCode.OK);
        System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(tokens.IdToken!.Split('.')[0])).ShouldContain("\"ES256\"");
        tokens.IdTokenClaims.GetProperty("auth_time").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task R6_The_registered_max_age_stands_in_for_one_that_is_not_sent()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var email = await stage.World.AddUserAsync();
        var client = stage.PartyOf(await stage.RegisterAsync("""{"redirect_uris":["https://app.example.com/callback"],"default_max_age":60,"scope":"openid"}"""));
        var browser = stage.World.OpenBrowser();
        await RegistrationStage.SignInAsync(browser, client.Start(("scope", "openid")), email);
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("scope", "openid"), ("prompt", "none"))))).Parameter("code").ShouldNotBeNull();

        await stage.World.AdvanceAsync(TimeSpan.FromMinutes(2));

        (await browser.FollowAsync(await browser.GetAsync(client.Start(("scope", "openid"), ("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    [Fact]
    public async Task R6_The_registered_logout_addresses_are_told_when_a_person_signs_out()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var stage = await RegistrationStage.OpenAsync(configure: setup => setup.Settings["Egress:AllowedHosts:0"] = receiver.Host);
        var registered = await stage.RegisterAsync($$"""
            {"redirect_uris":["https://app.example.com/callback"],"scope":"openid",
             "backchannel_logout_uri":"http://{{receiver.Host}}/self/logout","backchannel_logout_session_required":true,
             "frontchannel_logout_uri":"https://app.example.com/logged-out","frontchannel_logout_session_required":true}
            """);
        var (client, browser) = (stage.PartyOf(registered), stage.World.OpenBrowser());
        var back = await RegistrationStage.SignInAsync(browser, client.Start(("scope", "openid")), await stage.World.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        var sid = tokens.IdTokenClaims.GetProperty("sid").GetString();

        var page = await browser.GetAsync("/connect/endsession?id_token_hint=" + tokens.IdToken);

        page.Document.QuerySelectorAll("iframe").ShouldHaveSingleItem().GetAttribute("src")
            .ShouldBe($"https://app.example.com/logged-out?iss={Uri.EscapeDataString(stage.World.Server.Address.AbsoluteUri)}&sid={sid}");
        var notice = await receiver.TakeAsync();
        (notice.Client, notice.Text("sid"), notice.Text("aud")).ShouldBe(("self", sid, client.Id));
        notice.Text("sub").ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
        (await LogoutReceiver.ValidateAsync(stage.World, client, notice.Token)).IsValid.ShouldBeTrue();
    }

    [Theory]
    [InlineData(PkcePolicy.Required, "", true)]
    [InlineData(PkcePolicy.Required, "\"require_pkce\":true,", true)]
    [InlineData(PkcePolicy.Required, "\"require_pkce\":false,", null)]
    [InlineData(PkcePolicy.Optional, "", true)]
    [InlineData(PkcePolicy.Optional, "\"require_pkce\":false,", false)]
    [InlineData(PkcePolicy.Optional, "\"token_endpoint_auth_method\":\"none\",\"require_pkce\":false,", null)]
    [InlineData(PkcePolicy.OffByDefault, "", false)]
    [InlineData(PkcePolicy.OffByDefault, "\"require_pkce\":true,", true)]
    [InlineData(PkcePolicy.OffByDefault, "\"token_endpoint_auth_method\":\"none\",", true)]
    public async Task R6_PKCE_is_required_unless_the_operator_let_this_client_choose(PkcePolicy policy, string said, bool? required)
    {
        await using var stage = await RegistrationStage.OpenAsync();
        (string, string?)[] bare = [("code_challenge", null), ("code_challenge_method", null), ("scope", "openid")];

        var answer = await stage.PostAsync(await stage.TokenAsync(pkce: policy), $$"""{{{said}}"redirect_uris":["https://app.example.com/callback"]}""");

        if (required is null)
        {
            (answer.Status, answer.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "require_pkce"));
            return;
        }

        answer.Status.ShouldBe(HttpStatusCode.Created, answer.Body);
        answer.Flag("require_pkce").ShouldBe(required.Value);
        var started = await stage.World.OpenBrowser().GetAsync(stage.PartyOf(answer).Start(bare));
        started.Parameter("error").ShouldBe(required.Value ? "invalid_request" : null);
    }

    [Fact]
    public async Task R6_A_change_goes_no_further_than_the_initial_token_allowed()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(RegistrationStage.Least, scopes: ["openid", "orders"]);
        registered.Text("scope").ShouldBe("openid");

        var within = await stage.ChangeAsync(registered, """{"redirect_uris":["https://app.example.com/callback"],"scope":"openid orders"}""");
        var beyond = await stage.ChangeAsync(registered, """{"redirect_uris":["https://app.example.com/callback"],"scope":"openid email"}""");
        var loose = await stage.ChangeAsync(registered, """{"redirect_uris":["https://app.example.com/callback"],"require_pkce":false}""");

        (within.Status, within.Text("scope")).ShouldBe((HttpStatusCode.OK, "openid orders"));
        (beyond.Status, beyond.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "scope"));
        beyond.Text("error_description")!.ShouldContain("email");
        (loose.Status, loose.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "require_pkce"));
    }

    [Theory]
    [InlineData("client_id", "\"shop\"")]
    [InlineData("client_secret", "\"0123456789abcdefghijklmnopqrstuv\"")]
    [InlineData("first_party", "true")]
    [InlineData("verified", "true")]
    public async Task R6_What_only_the_operator_says_is_refused_by_name(string member, string value)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync($$"""{"{{member}}":{{value}},"redirect_uris":["https://app.example.com/callback"]}""", "invalid_client_metadata");

        answer.Fields.ShouldBe([member]);
    }
}

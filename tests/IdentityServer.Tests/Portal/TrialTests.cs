using System.Net;
using System.Text.Json.Nodes;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.Trials;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>An owner tries their client: the real flow, by the client's own settings, and every step of it to be seen.</summary>
public sealed class TrialTests
{
    private const string Public =
        """{"client_name":"Page","redirect_uris":["https://spa.example.com/"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"scope":"openid profile offline_access"}""";

    private const string Native =
        """{"client_name":"App","application_type":"native","redirect_uris":["com.example.app:/callback"],"token_endpoint_auth_method":"none","scope":"openid email"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("client_secret_basic", false)]
    [InlineData("client_secret_basic", true)]
    [InlineData("client_secret_post", false)]
    public async Task A_web_server_signs_in_by_its_own_method_with_a_secret_that_is_gone_afterwards(string method, bool postgreSql)
    {
        await using var stage = await TrialStage.StartAsync(TrialStage.WebApp[..^1] + $$""","token_endpoint_auth_method":"{{method}}"}""", postgreSql);
        var secrets = await stage.World.Server.SecretsAsync(stage.Client.ClientId);

        var page = await stage.RunAsync();

        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        page.Titles().ShouldBe([
            "The browser asks for the sign-in", "The browser brings the answer back", "The app trades the code for tokens", "The app fetches the published keys",
            "The app asks who signed in"]);
        page.Document.QuerySelectorAll(".verdicts li").Length.ShouldBeGreaterThanOrEqualTo(9);
        page.Failed().ShouldBeEmpty();
        var token = page.Exchange("The app trades the code for tokens");
        token.Status().ShouldBe(200);
        token.Field("code_verifier")!.Length.ShouldBe(43);
        if (method == "client_secret_basic")
        {
            token.Field("Authorization")!.ShouldStartWith("Basic ");
            token.Field("client_secret").ShouldBeNull();
            token.QuerySelectorAll("td > code").ShouldContain(shown => shown.TextContent == "Basic ••••••");
        }
        else
        {
            token.Field("client_secret")!.Length.ShouldBeGreaterThan(40);
            token.Field("Authorization").ShouldBeNull();
        }

        page.Claim("sub").ShouldBe((stage.Owner.User.Id.ToString(), "The person, by an identifier that never changes and tells nothing."));
        page.Body.ShouldContain("Good for another 15 minutes.");
        page.Document.QuerySelectorAll("p").Count(line => line.TextContent.StartsWith("The signature is right", StringComparison.Ordinal)).ShouldBe(2);
        page.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        page.Body.Length.ShouldBeLessThan(50 * 1024);
        (await stage.World.Server.SecretsAsync(stage.Client.ClientId)).Select(secret => secret.Id).ShouldBe(secrets.Select(secret => secret.Id));
        (await stage.World.ReadAsync(db => db.ClientSecrets.CountAsync(secret => secret.ClientRowId == stage.Client.RowId, Cancel))).ShouldBe(secrets.Count);
    }

    [Theory]
    [InlineData(Public)]
    [InlineData(Native)]
    public async Task A_public_client_signs_in_by_PKCE_alone(string wish)
    {
        await using var stage = await TrialStage.StartAsync(wish);

        var page = await stage.RunAsync();

        page.Failed().ShouldBeEmpty();
        var token = page.Exchange("The app trades the code for tokens");
        token.Status().ShouldBe(200);
        token.Field("client_id").ShouldBe(stage.Client.ClientId);
        token.Field("client_secret").ShouldBeNull();
        token.Field("Authorization").ShouldBeNull();
        page.Document.QuerySelector("form[action*='handler=Introspect']").ShouldBeNull(); // RFC 7662 §2.1
    }

    [Fact]
    public async Task A_machine_asks_for_itself_and_its_token_can_be_introspected_and_revoked()
    {
        await using var stage = await TrialStage.StartAsync(Owners.Machine);

        var page = await stage.Browser.FollowAsync(await stage.PostAsync(stage.Page, "Itself"));

        page.Titles().ShouldBe(["The app asks for a token for itself", "The app fetches the published keys"]);
        page.Exchange("The app asks for a token for itself").Field("grant_type").ShouldBe("client_credentials");
        page.Claim("client_id").Value.ShouldBe(stage.Client.ClientId);
        var run = page.Message.RequestMessage!.RequestUri!.AbsolutePath;
        var asked = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Introspect"));
        asked.Exchange("The app asks what the access token is good for").Json().ShouldContain("\"active\": true");
        var revoked = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Revoke"));
        revoked.Exchange("The app revokes its tokens").Status().ShouldBe(200);
        var again = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Introspect"));
        again.Exchange("The app asks what the access token is good for").Json().ShouldContain("\"active\": false");
        (await stage.World.Server.SecretsAsync(stage.Client.ClientId)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_with_a_key_is_proved_by_what_its_owner_signs(bool pushed)
    {
        using var key = new SigningParty();
        await using var stage = await TrialStage.StartAsync(
            TrialStage.WebApp[..^1] + $$""","token_endpoint_auth_method":"private_key_jwt","jwks":{{key.Jwks}}}""");
        var begun = await stage.BeginAsync(pushed ? [("Pushed", "true")] : []);
        var waiting = await stage.Browser.FollowAsync(begun);
        waiting.Document.QuerySelectorAll("textarea[name=Assertions]").Length.ShouldBe(pushed ? 2 : 1);
        var signed = waiting.Document.QuerySelectorAll("pre code").Select(shown => shown.TextContent)
            .Select(shown => JsonNode.Parse(shown[(shown.IndexOf("}\n", StringComparison.Ordinal) + 2)..])!.AsObject())
            .Select(claims => ("Assertions", key.Sign(claims))).ToList();

        var run = waiting.Message.RequestMessage!.RequestUri!.AbsolutePath;
        var page = await stage.Browser.FollowAsync(await stage.AnswerAsync(await stage.PostAsync(run, "Begin", signed)));

        page.Failed().ShouldBeEmpty();
        page.Exchange("The app trades the code for tokens").Status().ShouldBe(200, page.Body);
        page.Exchange("The app trades the code for tokens").Field("client_assertion").ShouldBe(signed[^1].Item2);

        // Nothing is sent without, and each counts once: the server says so, and so does the page.
        var bare = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Refresh"));
        bare.Alert!.ShouldContain("needs an assertion");
        var refused = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Refresh", signed[^1]));
        refused.Exchange("The app uses the refresh token").Status().ShouldBe(401);
        refused.Exchange("The app uses the refresh token").TextContent.ShouldContain("did not prove who it is");
        var fresh = key.Sign(SigningParty.Assertion(stage.Client.ClientId, stage.World.Server.Address.AbsoluteUri, stage.World.Clock.GetUtcNow()));
        var refreshed = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Refresh", ("Assertions", fresh)));
        refreshed.Exchange("The app uses the refresh token").Status().ShouldBe(200);
        refreshed.Failed().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","require_pushed_authorization_requests":true""")]
    public async Task A_request_is_pushed_where_it_is_wished_or_must_be(string member)
    {
        await using var stage = await TrialStage.StartAsync(TrialStage.WebApp[..^1] + member + "}");

        var page = await stage.RunAsync(member.Length == 0 ? [("Pushed", "true")] : []);

        page.Failed().ShouldBeEmpty();
        page.Exchange("The app pushes its request").Status().ShouldBe(201);
        var authorize = page.Exchange("The browser asks for the sign-in");
        authorize.Field("request_uri").ShouldNotBeNull();
        authorize.Field("state").ShouldBeNull();
        page.Exchange("The app trades the code for tokens").Status().ShouldBe(200);
    }

    [Fact]
    public async Task An_answer_by_form_post_comes_back_as_well()
    {
        await using var stage = await TrialStage.StartAsync();
        var form = await stage.AnswerAsync(await stage.BeginAsync(("ResponseMode", "form_post")));
        form.Document.Forms.Single().GetAttribute("action").ShouldBe(stage.Callback);

        var page = await stage.Browser.FollowAsync(await stage.Browser.SubmitAsync(form, new Dictionary<string, string>(), formTarget: "/portal/trial/callback"));

        page.Failed().ShouldBeEmpty();
        page.Exchange("The browser brings the answer back").QuerySelector(".wire strong")!.TextContent.ShouldBe("POST");
        page.Exchange("The app trades the code for tokens").Status().ShouldBe(200);
    }

    [Fact]
    public async Task Whatever_is_chosen_goes_into_the_request()
    {
        await using var stage = await TrialStage.StartAsync();
        const string Claims = """{"userinfo":{"zoneinfo":null}}""";

        var page = await stage.RunAsync(
            ("Prompt", "consent"), ("MaxAge", "3600"), ("LoginHint", stage.Owner.User.Email), ("Claims", Claims));

        var sent = page.Exchange("The browser asks for the sign-in");
        sent.Field("prompt").ShouldBe("consent");
        sent.Field("max_age").ShouldBe("3600");
        sent.Field("login_hint").ShouldBe(stage.Owner.User.Email);
        sent.Field("claims").ShouldBe(Claims);
        sent.TextContent.ShouldContain("Who is expected to sign in.");
        page.Failed().ShouldBeEmpty();
        page.Body.ShouldContain("The sign-in is recent enough (auth_time).");
    }

    [Fact]
    public async Task An_error_of_the_server_is_shown_with_what_it_means()
    {
        await using var stage = await TrialStage.StartAsync();

        var page = await stage.RunAsync(("Prompt", "none")); // nobody has agreed yet

        page.Titles().ShouldBe(["The browser asks for the sign-in", "The browser brings the answer back"]);
        var answer = page.Exchange("The browser brings the answer back");
        answer.Field("error").ShouldBe("consent_required");
        answer.QuerySelector(".notice")!.TextContent.ShouldContain("Ask once without it.");
    }

    [Fact]
    public async Task A_failure_that_the_server_wrote_down_is_linked()
    {
        await using var stage = await TrialStage.StartAsync();
        var answered = await stage.AnswerAsync(await stage.BeginAsync());
        await stage.World.AdvanceAsync(TimeSpan.FromMinutes(2)); // the code is over

        var page = await stage.Browser.FollowAsync(answered);

        var token = page.Exchange("The app trades the code for tokens");
        token.Status().ShouldBe(400);
        token.QuerySelector(".notice")!.TextContent.ShouldContain("invalid_grant");
        var links = token.QuerySelectorAll(".notice a").Select(link => link.GetAttribute("href")).ToList();
        var failure = await stage.World.ReadAsync(db => db.ClientFailures.SingleAsync(row => row.ClientRowId == stage.Client.RowId, Cancel));
        failure.Endpoint.ShouldBe("/connect/token");
        links.ShouldBe([$"/portal/clients/{stage.Client.ClientId}/failures/{failure.Id}"]);
    }

    [Fact]
    public async Task Tokens_are_refreshed_and_the_sign_in_ended_from_the_page()
    {
        await using var stage = await TrialStage.StartAsync();
        var page = await stage.RunAsync();
        var run = page.Message.RequestMessage!.RequestUri!.AbsolutePath;
        var first = page.Exchange("The app trades the code for tokens").Json();

        var refreshed = await stage.Browser.FollowAsync(await stage.PostAsync(run, "Refresh"));

        refreshed.Failed().ShouldBeEmpty();
        refreshed.Exchange("The app uses the refresh token").Status().ShouldBe(200);
        refreshed.Exchange("The app uses the refresh token").Json().ShouldNotBe(first);
        var left = await stage.Browser.FollowAsync(await stage.Browser.SubmitAsync(refreshed, new Dictionary<string, string>(), formTarget: "/connect/endsession"));
        left.Status.ShouldBe(HttpStatusCode.OK);
        (await stage.Browser.GetAsync(run)).Location!.ToString().ShouldStartWith("/sign-in"); // the run is still the owner's alone
    }

    [Fact]
    public async Task Our_redirect_uri_comes_and_goes_by_one_click_and_takes_no_approval_back()
    {
        await using var stage = await TrialStage.StartAsync(withCallback: false);
        await stage.World.WithAsync<ClientRegistry, UpdateOutcome>(registry => registry.UpdateAsync(stage.Client.Metadata with { ClientId = stage.Client.ClientId, Verified = true }, Cancel));
        (await stage.Browser.GetAsync(stage.Page)).Document.QuerySelector("[name=Prompt]").ShouldBeNull();

        var added = await stage.Browser.FollowAsync(await stage.PostAsync(stage.Page, "Add"));

        added.Document.QuerySelector("[role=status]")!.TextContent.ShouldContain("is registered");
        var metadata = (await stage.World.FindAsync(stage.Owner, stage.Client.ClientId))!.Metadata;
        metadata.RedirectUris.ShouldBe(["https://shop.example.com/callback", stage.Callback]);
        metadata.Verified.ShouldBeTrue();
        (await stage.PostAsync(stage.Page, "Remove")).Status.ShouldBe(HttpStatusCode.SeeOther);
        metadata = (await stage.World.FindAsync(stage.Owner, stage.Client.ClientId))!.Metadata;
        metadata.RedirectUris.ShouldBe(["https://shop.example.com/callback"]);
        metadata.Verified.ShouldBeTrue();
    }

    [Fact]
    public async Task Somebody_else_may_sign_in_on_the_way_and_the_owner_sees_the_result_after_signing_in_again()
    {
        await using var stage = await TrialStage.StartAsync();
        var other = await stage.World.AddUserAsync();
        var begun = await stage.BeginAsync(("Prompt", "login"), ("LoginHint", other));

        var codePage = await stage.Browser.ReachCodePageAsync(begun.Location!.ToString(), other);
        var answered = await stage.ConsentAsync(await stage.Browser.EnterCodeAsync(codePage, await stage.Browser.ReadCodeAsync(other)));
        var back = await stage.Browser.FollowAsync(answered);

        back.Status.ShouldBe(HttpStatusCode.OK, back.Body);
        back.Document.QuerySelector("h1")!.TextContent.ShouldBe("The sign-in came back");
        back.Body.ShouldNotContain("access_token");
        var signIn = back.Document.QuerySelector("a.primary")!.GetAttribute("href")!;
        var run = System.Web.HttpUtility.ParseQueryString(signIn.Split('?')[1])["then"]!;
        (await stage.Browser.GetAsync(run)).Status.ShouldBe(HttpStatusCode.NotFound);
        var seen = await stage.Browser.SignInAsync(signIn, stage.Owner.User.Email);
        seen.Failed().ShouldBeEmpty();
        seen.Claim("sub").Value.ShouldBe((await stage.World.UserAsync(other)).Id.ToString());
    }
}

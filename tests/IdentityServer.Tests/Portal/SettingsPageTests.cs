using System.Net;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Portal.Editing;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>Owners set everything that a registration allows, and lose nothing that they typed.</summary>
public sealed class SettingsPageTests
{
    private const string KeySet =
        """{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_member_that_an_owner_may_set_has_a_field() =>
        SettingsFields.All.Select(field => field.Member).Concat(SettingsFields.NotTheOwners).Concat(SettingsFields.Derived)
            .ShouldBe(ClientMetadata.Members.Keys, ignoreOrder: true);

    [Fact]
    public async Task How_a_client_proves_itself_changes_with_a_fresh_sign_in_only_and_nothing_that_was_typed_is_lost()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        var late = await browser.SendAsync(page, "settings", ("token_endpoint_auth_method", "client_secret_post"), ("client_name", "Shop two"));
        (late.Status, late.Alert!.StartsWith("To change how the app proves itself, sign in again first", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.UnprocessableEntity, true));
        late.Document.QuerySelector("[name=client_name]")!.GetAttribute("value").ShouldBe("Shop two");
        (await world.FindAsync(owner, client.ClientId))!.Metadata.TokenEndpointAuthMethod.ShouldBe("client_secret_basic");

        (await browser.AfterAsync(await browser.SendAsync(page, "settings", ("client_name", "Shop two")))).Notice().ShouldBe("Saved.");
    }

    [Theory]
    [InlineData("grant_types", "client_credentials")]
    [InlineData("scope", "clients.secrets")]
    public async Task What_lets_a_client_act_for_itself_or_manage_clients_is_added_with_a_fresh_sign_in_only(string field, string value)
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));
        (string, string?)[] Typed(Answer on) => [.. on.Standing("form.settings").Where(standing => standing.Key == field).Select(standing => (field, (string?)standing.Value)), (field, value)];
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        var late = await browser.SendAsync(page, "settings", Typed(page));
        (late.Status, late.Alert!.StartsWith("To let the app act for itself", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.UnprocessableEntity, true));
        late.Standing("form.settings").ShouldContain(KeyValuePair.Create(field, value));
        (await world.FindAsync(owner, client.ClientId))!.Version.ShouldBe(client.Version);

        // What is there already may stay, and go.
        await browser.SignInAsync("/sign-in?then=/portal", owner.User.Email);
        await browser.AfterAsync(await browser.SendAsync(late, "settings"));
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));
        var there = await browser.GetAsync(client.PageOf("settings"));
        var kept = await browser.AfterAsync(await browser.SendAsync(there, "settings", ("client_name", "Shop two")));
        await browser.AfterAsync(await browser.SendAsync(kept, "settings", [.. Typed(page)[..^1]]));
    }

    [Fact]
    public async Task A_client_is_not_saved_without_a_name()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        var refused = await browser.SendAsync(page, "settings", ("client_name", " "));

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Document.QuerySelector("[name=client_name]")!.GetAttribute("aria-invalid").ShouldBe("true");
        (await world.FindAsync(owner, client.ClientId))!.Metadata.ClientName.ShouldBe(client.Metadata.ClientName);
    }

    [Fact]
    public async Task Saving_what_stands_there_changes_nothing_and_every_member_can_be_set()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        var same = await browser.AfterAsync(await browser.SendAsync(page, "settings"));
        same.Notice().ShouldBe("Saved.");
        (await world.FindAsync(owner, client.ClientId))!.Metadata.ToJson().GetRawText().ShouldBe(client.Metadata.ToJson().GetRawText());

        var sent = await browser.SendAsync(
            same, "settings",
            ("client_name", "Shop two"), ("redirect_uris", "https://shop.example.com/callback\r\n https://shop.example.com/other \r\n\r\n"),
            ("post_logout_redirect_uris", "https://shop.example.com/bye"), ("client_uri", "https://shop.example.com/"),
            ("scope", "openid"), ("scope", "email"), ("grant_types", "authorization_code"), ("default_max_age", "3600"), ("require_auth_time", "true"),
            ("default_acr_values", ""), ("require_pkce", null), ("require_pushed_authorization_requests", "true"),
            ("access_token_lifetime", "300"), ("id_token_signed_response_alg", "ES256"), ("userinfo_signed_response_alg", "PS256"),
            ("token_endpoint_auth_method", "private_key_jwt"), ("token_endpoint_auth_signing_alg", "ES256"), ("jwks", KeySet),
            ("request_uris", "https://shop.example.com/request.jwt"), ("require_signed_request_object", "true"), ("request_object_signing_alg", "ES256"),
            ("backchannel_logout_uri", "https://shop.example.com/logout"), ("backchannel_logout_session_required", "true"),
            ("logo_uri", "https://shop.example.com/logo.png"), ("policy_uri", "https://shop.example.com/policy"), ("contacts", "ada@example.com"),
            ("software_id", "shop"), ("software_version", "2"));
        await browser.AfterAsync(sent);

        var changed = (await world.FindAsync(owner, client.ClientId))!.Metadata;
        changed.ClientName.ShouldBe("Shop two");
        changed.RedirectUris.ShouldBe(["https://shop.example.com/callback", "https://shop.example.com/other"]);
        changed.Scopes.ShouldBe(["openid", "email"]);
        changed.GrantTypes.ShouldBe(["authorization_code"]);
        (changed.DefaultMaxAge, changed.RequireAuthTime, changed.RequirePkce, changed.RequirePushedAuthorizationRequests).ShouldBe((3600, true, false, true));
        (changed.AccessTokenLifetime, changed.IdTokenSignedResponseAlg, changed.UserInfoSignedResponseAlg).ShouldBe((300, "ES256", "PS256"));
        (changed.TokenEndpointAuthMethod, changed.HasKeys, changed.RequireSignedRequestObject).ShouldBe(("private_key_jwt", true, true));
        (changed.BackchannelLogoutSessionRequired, changed.Contacts.Single(), changed.SoftwareVersion).ShouldBe((true, "ada@example.com", "2"));
        var shown = await browser.GetAsync(client.PageOf("settings"));
        shown.Field("redirect_uris").ShouldBe("https://shop.example.com/callback\nhttps://shop.example.com/other");
    }

    [Fact]
    public async Task Mistakes_stand_beside_their_fields_in_an_open_group_and_nothing_typed_is_lost()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        var answer = await browser.SendAsync(
            page, "settings", ("client_name", "Renamed"), ("redirect_uris", "https://shop.example.com/callback\nhttps://shop.example.com/#here"),
            ("access_token_lifetime", "a while"), ("refresh_token_lifetime", "5"), ("jwks", "not json"), ("policy_uri", "shop"));

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Problem("redirect-uris")!.ShouldStartWith("https://shop.example.com/#here ");
        answer.Problem("access-token-lifetime")!.ShouldContain("is not a whole number");
        answer.Problem("refresh-token-lifetime")!.ShouldContain("seconds");
        answer.Problem("jwks")!.ShouldContain("is not a JSON object");
        answer.Problem("policy-uri").ShouldNotBeNull();
        answer.Problem("client-name").ShouldBeNull();
        foreach (var (field, typed) in new[] { ("client_name", "Renamed"), ("access_token_lifetime", "a while"), ("jwks", "not json"), ("policy_uri", "shop") })
        {
            answer.Field(field).ShouldBe(typed);
        }

        answer.Document.QuerySelectorAll("#problems a").Select(link => link.GetAttribute("href"))
            .ShouldBe(["#redirect-uris", "#access-token-lifetime", "#refresh-token-lifetime", "#jwks", "#policy-uri"]);
        answer.Document.QuerySelectorAll("details[open]").Length.ShouldBe(3, "tokens, keys, about");
        (await world.FindAsync(owner, client.ClientId))!.Settings.Name.ShouldBe("Shop");
    }

    [Fact]
    public async Task A_change_by_somebody_else_meanwhile_is_told_and_saving_again_puts_ones_own_in_its_place()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));
        (await world.ChangeAsync(client, metadata => metadata with { ClientName = "Theirs", TosUri = "https://shop.example.com/terms" })).ShouldBeOfType<EditOutcome.Stored>();

        var told = await browser.SendAsync(page, "settings", ("client_name", "Mine"));

        told.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        told.Alert!.ShouldContain("Somebody else");
        told.Field("client_name").ShouldBe("Mine");
        told.Text("client-name-stored").ShouldBe("Stored now: Theirs");
        told.Text("tos-uri-stored").ShouldBe("Stored now: https://shop.example.com/terms");
        told.Text("redirect-uris-stored").ShouldBeNull();
        (await world.FindAsync(owner, client.ClientId))!.Settings.Name.ShouldBe("Theirs");
        await browser.AfterAsync(await browser.SendAsync(told, "settings"));
        (await world.FindAsync(owner, client.ClientId))!.Settings.Name.ShouldBe("Mine");
    }

    [Fact]
    public async Task What_would_cost_the_approval_is_saved_only_when_the_owner_says_so()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await world.ApproveAsync(client, administrator);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        var kept = await browser.AfterAsync(await browser.SendAsync(page, "settings", ("access_token_lifetime", "300")));
        var asked = await browser.SendAsync(kept, "settings", ("client_name", "Bank"));

        asked.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        asked.Alert!.ShouldContain("lose its approval");
        asked.Field("client_name").ShouldBe("Bank");
        var before = (await world.FindAsync(owner, client.ClientId))!;
        (before.Settings.Name, before.Settings.Verified, before.Metadata.AccessTokenLifetime).ShouldBe(("Shop", true, 300));
        asked.Document.QuerySelector("button[name=GivesUpApproval]").ShouldNotBeNull();
        await browser.AfterAsync(await browser.SendAsync(asked, "settings", ("GivesUpApproval", "true")));
        var after = (await world.FindAsync(owner, client.ClientId))!.Settings;
        (after.Name, after.Verified).ShouldBe(("Bank", false));
    }

    [Fact]
    public async Task Our_own_trial_callback_comes_and_goes_without_a_question()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await world.ApproveAsync(client, administrator);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));
        var ours = new Uri(world.Server.Address, "/portal/trial/callback").AbsoluteUri;

        var with = await browser.AfterAsync(await browser.SendAsync(page, "settings", ("redirect_uris", $"https://shop.example.com/callback\n{ours}")));
        await browser.AfterAsync(await browser.SendAsync(with, "settings", ("redirect_uris", "https://shop.example.com/callback")));

        (await world.FindAsync(owner, client.ClientId))!.Settings.Verified.ShouldBeTrue();
    }

    [Fact]
    public async Task What_only_the_operator_says_cannot_be_said_and_stays_as_it_is()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        await browser.AfterAsync(await browser.SendAsync(
            page, "settings", ("verified", "true"), ("first_party", "true"), ("introspects", "https://api.example.com"), ("client_id", "another"), ("client_secret", "chosen")));
        var stolen = await browser.SendAsync(page, "settings", ("scope", "openid"), ("scope", "orders"), ("Version", (await world.FindAsync(owner, client.ClientId))!.Version));

        var now = (await world.FindAsync(owner, client.ClientId))!.Metadata;
        (now.Verified, now.FirstParty, now.Introspects.Count).ShouldBe((false, false, 0));
        stolen.Problem("scope")!.ShouldContain("orders");
    }

    [Fact]
    public async Task A_secret_that_becomes_needed_is_made_and_shown_once()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, """{"client_name":"Page","redirect_uris":["https://page.example.com/"],"token_endpoint_auth_method":"none"}""");
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("settings"));

        var answer = await browser.SendAsync(page, "settings", ("token_endpoint_auth_method", "client_secret_post"));

        var secret = answer.Text("client-secret").ShouldNotBeNull();
        var token = await browser.PostAsync("/connect/token", new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = "none",
            ["redirect_uri"] = "https://page.example.com/",
            ["client_id"] = client.ClientId,
            ["client_secret"] = secret,
        });
        token.Body.ShouldContain("invalid_grant", customMessage: "the secret was right");
        (await browser.SendAsync(page, "settings", ("token_endpoint_auth_method", "client_secret_post"))).Text("client-secret").ShouldBeNull("a reload");
        await browser.GetAsync(client.PageOf("settings"));
        await browser.GetAsync(client.PageOf("secrets"));
        browser.Seen.Count(seen => seen.Body.Contains(secret, StringComparison.Ordinal)).ShouldBe(1);
    }
}

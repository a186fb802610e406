using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Registration;

/// <summary>R1 and R2: what is registered is told, and managed by its own token.</summary>
public sealed class RegistrationTests
{
    private const string Much =
        """
        {
          "client_name": "Shop", "application_type": "web",
          "redirect_uris": ["https://app.example.com/callback"], "post_logout_redirect_uris": ["https://app.example.com/bye"],
          "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code", "refresh_token"],
          "scope": "openid email offline_access", "id_token_signed_response_alg": "ES256", "subject_type": "public",
          "require_pushed_authorization_requests": true, "default_max_age": 600, "require_auth_time": true,
          "backchannel_logout_uri": "https://app.example.com/logged-out", "backchannel_logout_session_required": true,
          "frontchannel_logout_uri": "https://app.example.com/logout", "frontchannel_logout_session_required": true,
          "initiate_login_uri": "https://app.example.com/login", "client_uri": "https://app.example.com/",
          "policy_uri": "https://app.example.com/policy", "tos_uri": "https://app.example.com/terms",
          "contacts": ["ada@example.com"], "software_id": "shop", "software_version": "1.2",
          "jwks_uri": "https://app.example.com/jwks", "a_member_of_somebody_else": {"is": ["ignored"]}
        }
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R1_What_was_stored_is_told_with_a_secret_that_does_not_expire()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RegisterAsync(Much);

        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        Snapshot.ShouldMatch("Registration/Snapshots/registered.json", stage.Kept(answer));
    }

    [Fact]
    public async Task R1_The_least_that_can_be_sent_gets_the_defaults()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RegisterAsync();

        Snapshot.ShouldMatch("Registration/Snapshots/least.json", stage.Kept(answer));
        answer.ClientId.Length.ShouldBeGreaterThan(20);
        answer.Text("client_secret")!.Length.ShouldBe(43);
    }

    [Fact]
    public async Task R1_A_public_client_has_no_secret_and_one_with_keys_neither()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        const string Keys = """{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}""";

        var open = await stage.RegisterAsync("""{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}""");
        var keyed = await stage.RegisterAsync($$"""{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"private_key_jwt","jwks":{{Keys}}}""");

        foreach (var answer in new[] { open, keyed })
        {
            answer.Json.TryGetProperty("client_secret", out _).ShouldBeFalse();
            answer.Json.TryGetProperty("client_secret_expires_at", out _).ShouldBeFalse();
        }

        keyed.Json.GetProperty("jwks").GetRawText().ShouldBe(Keys);
    }

    [Fact]
    public async Task R1_Every_problem_is_told_by_field_rule_and_mend()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync(
            """
            {"client_name": "", "redirect_uris": ["https://app.example.com/#here", "https://app.example.com/ok"], "grant_types": ["implicit"],
             "id_token_signed_response_alg": "none", "default_max_age": "soon", "id_token_encrypted_response_alg": "RSA-OAEP", "first_party": true}
            """);

        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        Snapshot.ShouldMatch("Registration/Snapshots/refused.json", stage.Kept(answer));
    }

    [Fact]
    public async Task R1_A_software_statement_is_not_approved()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync("""{"redirect_uris":["https://app.example.com/callback"],"software_statement":"eyJhbGciOiJub25lIn0.e30."}""");

        answer.Error.ShouldBe("unapproved_software_statement");
    }

    [Fact]
    public async Task R2_A_client_reads_what_is_registered_with_its_own_token()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Much);

        var read = await stage.SendAsync(HttpMethod.Get, new Uri(registered.Text("registration_client_uri")!).PathAndQuery, registered.Access);

        read.Status.ShouldBe(HttpStatusCode.OK);
        read.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var expected = JsonNode.Parse(registered.Body)!.AsObject();
        expected.Remove("client_secret");
        JsonNode.DeepEquals(JsonNode.Parse(read.Body), expected).ShouldBeTrue(read.Body);
    }

    [Fact]
    public async Task R2_A_change_stands_in_place_of_everything_that_was()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Much);

        var changed = await stage.ChangeAsync(registered, """{"client_name":"Shop 2","redirect_uris":["https://app.example.com/other"]}""");

        changed.Status.ShouldBe(HttpStatusCode.OK, changed.Body);
        Snapshot.ShouldMatch("Registration/Snapshots/changed.json", stage.Kept(changed));
        (await stage.ReadAsync(registered)).Body.ShouldBe(changed.Body);
        (await stage.World.ReadAsync(db => db.AuditEvents.Where(told => told.ClientId == registered.ClientId).OrderBy(told => told.At).Select(told => told.Name).ToListAsync(Cancel)))
            .ShouldBe([AuditEvents.ClientRegistered, AuditEvents.RegistrationTokenUsed, AuditEvents.ClientChanged], ignoreOrder: true);
    }

    [Fact]
    public async Task R2_What_was_read_can_be_sent_back_but_for_what_only_answers_have()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync(Much);
        var wish = JsonNode.Parse(registered.Body)!.AsObject();

        var whole = await stage.SendAsync(HttpMethod.Put, $"{RegistrationStage.Path}/{registered.ClientId}", registered.Access, wish.ToJsonString());
        foreach (var name in new[] { "client_id_issued_at", "client_secret_expires_at", "registration_client_uri", "registration_access_token" })
        {
            wish.Remove(name);
        }

        var fitting = await stage.SendAsync(HttpMethod.Put, $"{RegistrationStage.Path}/{registered.ClientId}", registered.Access, wish.ToJsonString());

        whole.Status.ShouldBe(HttpStatusCode.BadRequest);
        whole.Fields.ShouldBe(["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"], ignoreOrder: true);
        fitting.Status.ShouldBe(HttpStatusCode.OK, fitting.Body);
        fitting.Body.ShouldBe((await stage.ReadAsync(registered)).Body);
    }

    [Fact]
    public async Task R2_A_change_names_the_client_and_chooses_no_secret()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var registered = await stage.RegisterAsync();
        var other = await stage.RegisterAsync();
        var path = $"{RegistrationStage.Path}/{registered.ClientId}";

        var nameless = await stage.SendAsync(HttpMethod.Put, path, registered.Access, RegistrationStage.Least);
        var another = await stage.SendAsync(HttpMethod.Put, path, registered.Access, $$"""{"client_id":"{{other.ClientId}}",{{RegistrationStage.Least[1..]}}""");
        var chosen = await stage.ChangeAsync(registered, $$"""{"client_secret":"{{new string('s', 20)}}-of-my-own-choosing-0123456789",{{RegistrationStage.Least[1..]}}""");

        (nameless.Status, nameless.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "client_id"));
        (another.Status, another.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "client_id"));
        (chosen.Status, chosen.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "client_secret"));
        (await stage.PartyOf(registered).TokenAsync(new() { ["grant_type"] = "authorization_code", ["code"] = "x", ["redirect_uri"] = RelyingParty.RedirectUri, ["code_verifier"] = new('v', 43) }))
            .Error.ShouldBe("invalid_grant", "its secret is still the one that was made");
    }

    [Fact]
    public async Task R2_A_client_that_comes_to_need_a_secret_is_told_one_once()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var open = await stage.RegisterAsync("""{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}""");

        var changed = await stage.ChangeAsync(open, RegistrationStage.Least);
        var again = await stage.ChangeAsync(open, RegistrationStage.Least);

        changed.Text("client_secret")!.Length.ShouldBe(43);
        changed.Json.GetProperty("client_secret_expires_at").GetInt32().ShouldBe(0);
        again.Status.ShouldBe(HttpStatusCode.OK);
        again.Text("client_secret").ShouldBeNull();
    }

    [Fact]
    public async Task R2_A_token_opens_its_own_client_and_nothing_else()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var (mine, yours) = (await stage.RegisterAsync(), await stage.RegisterAsync());
        var imported = await stage.World.AddClientAsync();
        var initial = await stage.TokenAsync();
        var attempt = 1; // each from a network of its own, or the last would only be slowed down

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            foreach (var (client, token) in new[]
            {
                (yours.ClientId, mine.Access), (imported.Id, mine.Access), ("nobody", mine.Access), (mine.ClientId, initial), (mine.ClientId, new string('x', 43)),
                (mine.ClientId, mine.Access + "x"), (mine.ClientId.ToUpperInvariant(), mine.Access), (mine.ClientId, ""),
            })
            {
                var answer = await stage.SendAsync(method, $"{RegistrationStage.Path}/{client}", token, RegistrationStage.Least, network: $"192.0.2.{++attempt}");

                answer.Status.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {client}");
                answer.Error.ShouldBe("invalid_token");
                answer.Message.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer error=\"invalid_token\"");
                answer.Body.ShouldNotContain(yours.ClientId);
            }
        }

        var bare = await stage.SendAsync(HttpMethod.Get, $"{RegistrationStage.Path}/{mine.ClientId}", null);
        (bare.Status, bare.Message.Headers.WwwAuthenticate.ToString()).ShouldBe((HttpStatusCode.Unauthorized, "Bearer"));
        (await stage.PostAsync(mine.Access, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Unauthorized, "it registers nobody");
        (await stage.ReadAsync(yours)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task R2_Deleting_ends_the_client_and_not_the_sessions_of_people(bool postgreSql)
    {
        await using var stage = await RegistrationStage.OpenAsync(postgreSql);
        var email = await stage.World.AddUserAsync();
        var registered = await stage.RegisterAsync(
            """{"redirect_uris":["https://app.example.com/callback"],"grant_types":["authorization_code","refresh_token"],"client_name":"Shop"}""");
        var (client, browser) = (stage.PartyOf(registered), stage.World.OpenBrowser());
        var tokens = await client.ExchangeAsync((await RegistrationStage.SignInAsync(browser, client.Start(), email)).Parameter("code")!);
        tokens.Status.ShouldBe(HttpStatusCode.OK);
        var other = await stage.World.AddClientAsync();
        (await browser.FollowAsync(await browser.GetAsync(other.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull();

        var deleted = await stage.DeleteAsync(registered);

        (deleted.Status, deleted.Body).ShouldBe((HttpStatusCode.NoContent, ""));
        (await stage.ReadAsync(registered)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_client");
        (await stage.World.OpenBrowser().GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await stage.World.ReadAsync(async db => (
            await db.Clients.CountAsync(row => row.ClientId == registered.ClientId, Cancel), await db.ClientRegistrations.CountAsync(Cancel),
            await db.ConsentGrants.CountAsync(Cancel), await db.ConsentQuestions.CountAsync(Cancel),
            await db.AuditEvents.CountAsync(told => told.Name == AuditEvents.ClientDeleted && told.ClientId == registered.ClientId, Cancel)))).ShouldBe((0, 0, 0, 0, 1));
        (await browser.FollowAsync(await browser.GetAsync(other.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull("the person is still signed in");
    }
}

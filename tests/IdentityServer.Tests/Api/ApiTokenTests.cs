using System.Net;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Sessions;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Api;

/// <summary>Which tokens open the management API, and for how long.</summary>
public sealed class ApiTokenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_command_line_tool_gets_a_token_that_says_who_it_speaks_for()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var me = await (await stage.PersonAsync(email)).GetAsync("/me");
        me.Status.ShouldBe(HttpStatusCode.OK, me.Body);
        me.Text("kind").ShouldBe("person");
        me.Text("email").ShouldBe(email);
        me.Text("client_id").ShouldBe("idsrv-cli");
        me.Json.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).ShouldBe(
            [.. ManagementScopes.All, "openid", "offline_access"], ignoreOrder: true);
        me.Json.GetProperty("quota").GetProperty("left").GetInt32().ShouldBe(20);
        me.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_but_an_access_token_for_the_api_opens_it()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var tokens = await stage.TokensAsync(email);
        var userInfo = await stage.TokensAsync(email, "openid offline_access");
        var third = await (await stage.World.AddClientAsync()).SignInAsync(email);
        string[] wrong = [tokens.IdToken!, tokens.RefreshToken!, userInfo.AccessToken!, third.AccessToken!, "nonsense", tokens.AccessToken![..^8] + "abcdefgh"];
        foreach (var token in wrong)
        {
            var reply = await stage.With(token).GetAsync("/me");
            reply.Status.ShouldBe(HttpStatusCode.Unauthorized, token);
            reply.Message.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer error=\"invalid_token\"");
            reply.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            reply.Problem.ShouldBe("unauthenticated");
        }

        var nobody = await stage.Anonymous.GetAsync("/me");
        nobody.Status.ShouldBe(HttpStatusCode.Unauthorized);
        nobody.Message.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        (await stage.With(tokens.AccessToken!).GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_session_cookie_opens_nothing()
    {
        await using var stage = await ApiStage.StartAsync();
        var browser = stage.World.OpenBrowser();
        await stage.TokensAsync(await stage.World.AddUserAsync(), browser: browser);
        (await browser.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.GetAsync("/api/v1/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_ends_with_its_session_with_its_revocation_and_with_its_account()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var browser = stage.World.OpenBrowser();
        var ofSession = await stage.PersonAsync(email, browser: browser);
        var revoked = await stage.PersonAsync(email);
        var ofAccount = await stage.PersonAsync(email);

        var signOut = await browser.FollowAsync(await browser.GetAsync("/connect/endsession"));
        await browser.SubmitAsync(signOut, new Dictionary<string, string>());
        (await ofSession.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await revoked.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
        await stage.CommandLine().PostAsync("/connect/revoke", new() { ["token"] = revoked.Token! });
        (await revoked.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await ofAccount.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
        await stage.World.ReadAsync(db => db.Users.Where(user => user.Email == email).ExecuteDeleteAsync(Cancel));
        (await ofAccount.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_token_of_a_machine_ends_with_the_machine()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner, "machine");
        var machine = await stage.MachineAsync(made);
        var me = await machine.GetAsync("/me");
        me.Text("kind").ShouldBe("machine");
        me.Json.GetProperty("email").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        (await owner.DeleteAsync($"/clients/{made.Text("client_id")}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await machine.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_client_that_lost_its_first_party_standing_manages_nothing_more()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var party = await stage.World.AddClientAsync(extra: "\"contacts\":[]", firstParty: true);
        await stage.World.ReadAsync(async db => await stage.World.Server.InScopeAsync(async services =>
        {
            var registry = (ClientRegistry)services.GetService(typeof(ClientRegistry))!;
            var metadata = (await registry.ReadAsync(party.Id, Cancel))!;
            return (await registry.UpdateAsync(metadata with { Scope = "openid clients.read" }, Cancel)).ShouldBeOfType<UpdateOutcome.Updated>();
        }));
        var back = await stage.World.OpenBrowser().SignInAsync(party.Start(("scope", "openid clients.read")), email);
        var token = (await party.ExchangeAsync(back.Parameter("code")!)).AccessToken!;
        (await stage.With(token).GetAsync("/clients")).Status.ShouldBe(HttpStatusCode.OK);
        await stage.World.Server.InScopeAsync(async services =>
        {
            var registry = (ClientRegistry)services.GetService(typeof(ClientRegistry))!;
            var metadata = (await registry.ReadAsync(party.Id, Cancel))!;
            return (await registry.UpdateAsync(metadata with { FirstParty = false }, Cancel)).ShouldBeOfType<UpdateOutcome.Updated>();
        });
        (await stage.With(token).GetAsync("/clients")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task No_open_session_gives_power_over_clients_in_silence()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var browser = stage.World.OpenBrowser();
        await stage.TokensAsync(email, browser: browser);
        (string, string?)[] request = [("redirect_uri", "http://127.0.0.1:7891/"), ("scope", "openid clients.secrets")];

        // Any program on the person's machine can ask like this, while a session is open and something was allowed before.
        var again = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start(request)));
        (again.Status, again.Path()).ShouldBe((HttpStatusCode.OK, "/consent"));
        var silent = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start([.. request, ("prompt", "none")])));
        silent.Parameter("error").ShouldBe("consent_required");
        (await browser.AllowAsync(again)).Parameter("code").ShouldNotBeNull();

        // Who the person is, is another matter: that is the operator's own to ask.
        var plain = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start(("redirect_uri", "http://127.0.0.1:7891/"), ("scope", "openid"))));
        plain.Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_session_that_is_no_longer_fresh_gives_power_over_clients_by_no_click()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var browser = stage.World.OpenBrowser();
        await browser.SignInAsync("/sign-in?then=/portal", email);
        (string, string?)[] request = [("redirect_uri", "http://127.0.0.1:7891/"), ("scope", "openid clients.secrets")];

        await stage.World.AdvanceAsync(SessionPolicy.FreshFor - TimeSpan.FromSeconds(1));
        (await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start(request)))).Path().ShouldBe("/consent");

        await stage.World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var late = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start(request)));
        (late.Status, late.Path()).ShouldBe((HttpStatusCode.OK, "/sign-in"));
        late.Document.QuerySelector("main")!.TextContent.ShouldContain("asks for a fresh sign-in");
        var silent = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start([.. request, ("prompt", "none")])));
        silent.Parameter("error").ShouldBe("login_required");
        var plain = await browser.FollowAsync(await browser.GetAsync(stage.CommandLine().Start(("redirect_uri", "http://127.0.0.1:7891/"), ("scope", "openid"))));
        plain.Parameter("code").ShouldNotBeNull("who the person is, an older session tells");

        // Both steps for this very request do, and it asks nothing twice.
        var back = await browser.SignInAsync(stage.CommandLine().Start(request), email);
        back.Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_token_without_the_scope_is_told_which_one_it_lacks()
    {
        await using var stage = await ApiStage.StartAsync();
        var reader = await stage.PersonAsync(scope: "openid clients.read");
        (await reader.GetAsync("/clients")).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await reader.PostAsync("/clients", new { kind = "native", client_name = "x" });
        refused.Status.ShouldBe(HttpStatusCode.Forbidden);
        refused.Problem.ShouldBe("insufficient-scope");
        refused.Text("detail")!.ShouldContain("clients.write");
        refused.Message.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer error=\"insufficient_scope\", scope=\"clients.write\"");
    }

    [Theory]
    [InlineData("/connect/authorize")]
    [InlineData("/connect/par")]
    public async Task A_client_of_somebody_else_is_given_no_management_scope_of_a_person(string endpoint)
    {
        await using var stage = await ApiStage.StartAsync();
        var party = await stage.World.AddThirdPartyClientAsync();
        await stage.World.Server.InScopeAsync(async services =>
        {
            var registry = (ClientRegistry)services.GetService(typeof(ClientRegistry))!;
            var metadata = (await registry.ReadAsync(party.Id, Cancel))!;
            return (await registry.UpdateAsync(metadata with { Scope = "openid clients.write" }, Cancel)).ShouldBeOfType<UpdateOutcome.Updated>();
        });
        if (endpoint == "/connect/par")
        {
            (await party.PostAsync(endpoint, party.Request(("scope", "openid clients.write")))).Error.ShouldBe("invalid_scope");
        }
        else
        {
            (await stage.World.OpenBrowser().GetAsync(party.Start(("scope", "openid clients.write")))).Parameter("error").ShouldBe("invalid_scope");
        }
    }
}

using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static IdentityServer.Tests.Protocol.ResourceWorld;

namespace IdentityServer.Tests.Protocol;

/// <summary>RFC 8707 and RFC 9068: whom an access token is for, and what it says.</summary>
public sealed class ResourceTests
{
    [Theory]
    [InlineData("https://unknown.example")]
    [InlineData(NotesApi + "/")]
    [InlineData(NotesApi + "#fragment")]
    [InlineData("notes")]
    [InlineData("/notes")]
    [InlineData("//notes.test.example")]
    [InlineData("https://")]
    [InlineData("%")]
    [InlineData(MailApi)] // none of its scopes is asked for
    public async Task A_resource_that_is_unknown_malformed_relative_or_with_a_fragment_is_an_invalid_target(string resource)
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        const string Scope = "openid n.read";

        var authorized = await world.OpenBrowser().GetAsync(client.Start(Scope, resource));
        authorized.Location!.ToString().ShouldStartWith(RelyingParty.RedirectUri);
        authorized.Parameter("error").ShouldBe("invalid_target");
        authorized.Parameter("state").ShouldNotBeNull();
        var beside = await world.OpenBrowser().GetAsync(client.Start(Scope, NotesApi, resource));
        beside.Parameter("error").ShouldBe("invalid_target");
        (await client.PostAsync("/connect/par", client.Request(("scope", Scope), ("resource", resource)))).Error.ShouldBe("invalid_target");

        var code = await world.CodeAsync(client, Scope + " offline_access", NotesApi);
        (await client.ExchangeAsync(code, ("resource", resource))).Error.ShouldBe("invalid_target");
        var tokens = await client.ExchangeAsync(code);
        tokens.AccessToken.ShouldNotBeNull("a refused target spends no code");
        (await client.RefreshForAsync(tokens.RefreshToken!, resource)).Error.ShouldBe("invalid_target");
        (await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "n.read", ["resource"] = resource })).Error.ShouldBe("invalid_target");
    }

    [Fact]
    public async Task A_scope_of_a_resource_makes_it_the_audience_beside_userinfo()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var issuer = world.Server.Address.AbsoluteUri;

        var named = await client.ExchangeAsync(await world.CodeAsync(client, "openid email n.read", NotesApi));
        var unnamed = await client.ExchangeAsync(await world.CodeAsync(client, "openid email n.read"));

        foreach (var tokens in new[] { named, unnamed })
        {
            tokens.Audiences().ShouldBe([NotesApi, issuer]);
            tokens.Scopes().ShouldBe("email n.read openid");
            (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
            tokens.IdTokenClaims.GetProperty("aud").GetString().ShouldBe(client.Id);
        }

        var alone = await client.ExchangeAsync(await world.CodeAsync(client, "n.read"));
        alone.Audiences().ShouldBe([NotesApi], "nobody asked for userinfo");
        (await client.UserInfoAsync(alone.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_for_an_API_shows_nothing_at_userinfo()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();

        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid email n.read", NotesApi), ("resource", NotesApi));

        tokens.Audiences().ShouldBe([NotesApi]);
        tokens.Scopes().ShouldBe("n.read");
        tokens.IdToken.ShouldNotBeNull();
        using var http = world.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new("Bearer", tokens.AccessToken);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldContain("error=\"invalid_token\"");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_token_request_names_its_part_of_the_grant_and_the_refresh_token_keeps_it_all(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var issuer = world.Server.Address.AbsoluteUri;
        var code = await world.CodeAsync(client, Everything, NotesApi, MailApi);

        (await client.ExchangeAsync(code)).Error.ShouldBe("invalid_target", "a token for several resources is made for nobody by accident");
        var first = await client.ExchangeAsync(code, ("resource", NotesApi));
        first.Audiences().ShouldBe([NotesApi]);
        first.Scopes().ShouldBe("n.read n.write");

        var mail = await client.RefreshForAsync(first.RefreshToken!, MailApi);
        mail.Audiences().ShouldBe([MailApi]);
        mail.Scopes().ShouldBe("m.read");
        var less = await client.RefreshForAsync(mail.RefreshToken!, NotesApi, "n.read");
        less.Audiences().ShouldBe([NotesApi]);
        less.Scopes().ShouldBe("n.read");
        var own = await client.RefreshForAsync(less.RefreshToken!, issuer);
        own.Audiences().ShouldBe([issuer]);
        (await client.UserInfoAsync(own.AccessToken!)).Json.TryGetProperty("email", out _).ShouldBeTrue();
        var again = await client.RefreshForAsync(own.RefreshToken!, NotesApi);
        again.Scopes().ShouldBe("n.read n.write", "the refresh token still stands for all that was granted");
    }

    [Fact]
    public async Task A_refresh_cannot_reach_a_resource_that_was_not_granted()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid offline_access n.read", NotesApi));

        (await client.RefreshForAsync(tokens.RefreshToken!, MailApi)).Error.ShouldBe("invalid_target");
        (await client.RefreshForAsync(tokens.RefreshToken!, null, "openid m.read")).Error.ShouldBe("invalid_grant");
        (await client.RefreshForAsync(tokens.RefreshToken!, NotesApi)).Audiences().ShouldBe([NotesApi], "a refused target spends no refresh token");
    }

    [Fact]
    public async Task Scopes_of_several_resources_need_the_resources_named()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();

        (await world.OpenBrowser().GetAsync(client.Start("openid n.read m.read"))).Parameter("error").ShouldBe("invalid_scope");
        (await world.OpenBrowser().GetAsync(client.Start("openid n.read m.read", NotesApi))).Parameter("error").ShouldBe("invalid_scope");
        (await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "n.read m.read" })).Error.ShouldBe("invalid_scope");
    }

    [Fact]
    public async Task A_pushed_request_keeps_its_resources()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var pushed = await client.PostAsync("/connect/par", client.Request(("scope", "openid n.read"), ("resource", NotesApi)));
        var requestUri = pushed.Json.GetProperty("request_uri").GetString().ShouldNotBeNull();

        var back = await world.OpenBrowser().SignInAsync(
            $"/connect/authorize?client_id={client.Id}&request_uri={Uri.EscapeDataString(requestUri)}", await world.AddUserAsync());

        (await client.ExchangeAsync(back.Parameter("code")!, ("resource", NotesApi))).Audiences().ShouldBe([NotesApi]);
    }

    [Fact]
    public async Task A_client_may_ask_only_for_scopes_that_are_registered_for_it()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddClientWithScopeAsync("openid n.read");

        var refused = await world.OpenBrowser().GetAsync(client.Start("openid n.read n.write", NotesApi));
        refused.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        refused.Parameter("error").ShouldBe("invalid_scope");
        refused.Parameter("error_description")!.ShouldContain("n.write");
        (await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "n.write" })).Error.ShouldBe("invalid_scope");
        (await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "m.read", ["resource"] = MailApi })).Error.ShouldBe("invalid_scope");
    }

    [Fact]
    public async Task A_client_that_acts_for_itself_gets_a_token_for_the_API_alone()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();

        var answer = await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "n.read" });

        answer.Audiences().ShouldBe([NotesApi]);
        var claims = TokenAnswer.Claims(answer.AccessToken!);
        claims.GetProperty("sub").GetString().ShouldBe(client.Id);
        claims.GetProperty("client_id").GetString().ShouldBe(client.Id);
        claims.TryGetProperty("auth_time", out _).ShouldBeFalse();
        (await client.UserInfoAsync(answer.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_access_token_says_what_RFC_9068_prescribes_and_nothing_of_ours()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid n.read"));

        var header = JsonDocument.Parse(Base64Url.DecodeFromChars(tokens.AccessToken!.Split('.')[0])).RootElement;
        header.GetProperty("typ").GetString().ShouldBe("at+jwt");
        var claims = TokenAnswer.Claims(tokens.AccessToken);
        claims.EnumerateObject().Select(member => member.Name).ShouldBe(
            ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "auth_time", "acr"], ignoreOrder: true);
        claims.GetProperty("auth_time").GetInt64().ShouldBe(tokens.IdTokenClaims.GetProperty("auth_time").GetInt64());
        claims.GetProperty("acr").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("acr").GetString());
        claims.GetProperty("exp").GetInt64().ShouldBe(world.Clock.GetUtcNow().ToUnixTimeSeconds() + (15 * 60));

        var id = claims.GetProperty("jti").GetString();
        (await world.ReadAsync(db => db.Tokens.CountAsync(token => token.Id == id, TestContext.Current.CancellationToken))).ShouldBe(1, "the jti names the row");
        (await client.UserInfoAsync(tokens.AccessToken)).Status.ShouldBe(HttpStatusCode.OK, "and with it the sign-in");
        await client.PostAsync("/connect/revoke", new() { ["token"] = tokens.AccessToken });
        (await client.UserInfoAsync(tokens.AccessToken)).Status.ShouldBe(HttpStatusCode.Unauthorized, "so it can be revoked");
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task A_resource_chooses_the_signature_and_shortens_the_life_of_its_tokens(string algorithm)
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync($",\"access_token_lifetime\":120,\"access_token_signing_alg\":\"{algorithm}\"");
        var client = await world.AddApiClientAsync();

        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid n.read"));

        Encoding.UTF8.GetString(Base64Url.DecodeFromChars(tokens.AccessToken!.Split('.')[0])).ShouldContain($"\"alg\":\"{algorithm}\"");
        tokens.Json.GetProperty("expires_in").GetInt32().ShouldBe(120);
        (await client.UserInfoAsync(tokens.AccessToken)).Status.ShouldBe(HttpStatusCode.OK);
        await world.AdvanceAsync(TimeSpan.FromSeconds(121));
        (await client.UserInfoAsync(tokens.AccessToken)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_change_made_by_another_node_is_seen_within_five_seconds()
    {
        await using var world = await World.StartAsync();
        await using var other = await world.Server.StartAnotherNodeAsync();
        var client = await world.AddApiClientAsync();
        (await world.OpenBrowser().GetAsync(client.Start("openid n.read", NotesApi))).Parameter("error").ShouldBe("invalid_scope");

        await world.AddResourceAsync($$"""{"resource":"{{NotesApi}}","name":"Notes","scopes":[{"name":"n.read","description":"Read"}]}""", other);
        world.Clock.Advance(ClientCache.Freshness);

        (await world.OpenBrowser().GetAsync(client.Start("openid n.read", NotesApi))).Parameter("error").ShouldBeNull();
    }

    [Fact]
    public async Task The_consent_page_says_what_a_scope_lets_do_and_where_encoded()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync(firstParty: false);
        var (browser, email) = (world.OpenBrowser(), await world.AddUserAsync());

        var page = await browser.SignInAsync(client.Start("openid n.read", NotesApi), email);

        page.Document.QuerySelectorAll("ul.scopes li").Select(line => line.TextContent).ShouldContain("Read <i>your</i> notes, at Notes <b>API</b>");
        page.Body.ShouldNotContain("<b>API");
        page.Body.ShouldNotContain("<i>your");
        var back = await browser.FollowAsync(await browser.SubmitAsync(page, new Dictionary<string, string> { ["Answer"] = "allow" }));
        (await client.ExchangeAsync(back.Parameter("code")!, ("resource", NotesApi))).Audiences().ShouldBe([NotesApi]);

        var apps = await browser.FollowAsync(await browser.GetAsync("/account/apps"));
        apps.Document.QuerySelectorAll("ul.scopes li").Select(line => line.TextContent).ShouldContain("Read <i>your</i> notes, at Notes <b>API</b>");
        var more = await browser.FollowAsync(await browser.GetAsync(client.Start("openid n.read n.write", NotesApi)));
        more.Document.QuerySelectorAll("ul.scopes li").Select(line => line.TextContent).ShouldContain("Write notes, at Notes <b>API</b>", "what was not allowed is asked");
    }
}

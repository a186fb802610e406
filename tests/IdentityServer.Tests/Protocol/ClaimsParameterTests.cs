using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>The parameter <c>claims</c> (OpenID Connect Core §5.5).</summary>
public sealed class ClaimsParameterTests
{
    [Fact]
    public async Task A16_A_claim_that_is_asked_for_by_name_is_in_userinfo_and_not_in_the_id_token()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var back = await world.OpenBrowser().SignInAsync(
            client.Start(("scope", "openid"), ("claims", """{"userinfo":{"name":{"essential":true}},"id_token":{"name":null}}""")), await world.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);

        var info = (await client.UserInfoAsync(tokens.AccessToken!)).Json;

        info.GetProperty("name").GetString().ShouldBe("Ada Lovelace");
        info.EnumerateObject().Select(member => member.Name).ShouldBe(["sub", "name"], ignoreOrder: true);
        tokens.IdTokenClaims.TryGetProperty("name", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_claim_is_given_after_a_refresh_as_well()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var back = await world.OpenBrowser().SignInAsync(
            client.Start(("scope", "openid offline_access"), ("claims", """{"userinfo":{"email":null,"email_verified":null}}""")), await world.AddUserAsync());
        var tokens = await client.RefreshAsync((await client.ExchangeAsync(back.Parameter("code")!)).RefreshToken!);

        (await client.UserInfoAsync(tokens.AccessToken!)).Json.GetProperty("email_verified").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_client_gets_no_claim_whose_scope_it_may_not_ask_for()
    {
        await using var world = await World.StartAsync();
        var id = $"narrow-{Guid.NewGuid():N}";
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_name":"Narrow","token_endpoint_auth_method":"none","redirect_uris":["{{RelyingParty.RedirectUri}}"],
             "scope":"openid profile","first_party":true}
            """);
        var client = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, null, "none");
        var back = await world.OpenBrowser().SignInAsync(
            client.Start(("scope", "openid"), ("claims", """{"userinfo":{"email":{"essential":true},"given_name":null}}""")), await world.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);

        (await client.UserInfoAsync(tokens.AccessToken!)).Json.EnumerateObject().Select(member => member.Name).ShouldBe(["sub", "given_name"], ignoreOrder: true);
    }

    [Fact]
    public async Task People_are_asked_for_the_scope_that_a_claim_belongs_to()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();
        var claims = """{"userinfo":{"phone_number":null}}""";

        var consent = await browser.SignInAsync(client.Start(("scope", "openid"), ("claims", claims)), await world.AddUserAsync());
        consent.Document.QuerySelectorAll(".scopes li").Length.ShouldBe(2);
        var back = await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
        back.Parameter("code").ShouldNotBeNull();

        // Granted, so nobody asks again for the same; for more they do.
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("scope", "openid"), ("claims", claims))))).Parameter("code").ShouldNotBeNull();
        var more = await browser.FollowAsync(await browser.GetAsync(client.Start(("scope", "openid"), ("claims", """{"userinfo":{"email":null}}"""))));
        more.Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_subject_that_is_asked_for_must_be_the_one_who_is_signed_in()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        var subject = (await client.ExchangeAsync(back.Parameter("code")!)).IdTokenClaims.GetProperty("sub").GetString();

        var same = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("claims", Claims(subject!)))));
        var other = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"), ("claims", Claims(Guid.NewGuid().ToString("D"))))));

        same.Parameter("code").ShouldNotBeNull();
        other.Parameter("error").ShouldBe("login_required");

        static string Claims(string subject) => $$$$"""{"id_token":{"sub":{"value":"{{{{subject}}}}"}}}""";
    }

    [Theory]
    [InlineData("""{"id_token":{"acr":{"essential":true,"values":["urn:mace:incommon:iap:silver"]}}}""", "unmet_authentication_requirements")]
    [InlineData("""{"id_token":{"acr":{"essential":true,"value":"phr"}}}""", "unmet_authentication_requirements")]
    [InlineData("no json", "invalid_request")]
    [InlineData("[]", "invalid_request")]
    [InlineData("""{"userinfo":["name"]}""", "invalid_request")]
    [InlineData("""{"userinfo":{"name":true}}""", "invalid_request")]
    [InlineData("""{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}""", "invalid_request")]
    public async Task A16_What_cannot_be_read_or_met_goes_back_to_the_client(string claims, string error)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        var answer = await world.OpenBrowser().GetAsync(client.Start(("claims", claims)));
        var pushed = await client.PostAsync("/connect/par", client.Request(("claims", claims)));

        answer.Parameter("error").ShouldBe(error);
        answer.Parameter("state").ShouldNotBeNull();
        pushed.Error.ShouldBe(error);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"userinfo":null,"id_token":{}}""")]
    [InlineData("""{"userinfo":{"shoe_size":{"essential":true}},"other":7}""")]
    [InlineData("""{"id_token":{"acr":{"essential":true,"values":["x","urn:identityserver:acr:pwd-emailotp"]},"auth_time":{"essential":true}}}""")]
    [InlineData("""{"id_token":{"acr":{"values":["not-ours"]}}}""")]
    public async Task A16_What_is_voluntary_or_unknown_is_no_error(string claims)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        (await world.OpenBrowser().SignInAsync(client.Start(("claims", claims)), await world.AddUserAsync())).Parameter("code").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public async Task U6_Userinfo_is_signed_for_a_client_that_registered_that(string algorithm)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: $"\"userinfo_signed_response_alg\":\"{algorithm}\"");
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        using var http = world.Server.CreateClient(cookies: false);
        http.DefaultRequestHeaders.Authorization = new("Bearer", tokens.AccessToken);

        using var answer = await http.GetAsync("/connect/userinfo", TestContext.Current.CancellationToken);
        var jwt = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/jwt");
        var claims = TokenAnswer.Claims(jwt);
        claims.GetProperty("iss").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("iss").GetString());
        claims.GetProperty("aud").GetString().ShouldBe(client.Id);
        claims.GetProperty("sub").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
        claims.GetProperty("name").GetString().ShouldBe("Ada Lovelace");
        claims.GetProperty("email_verified").ValueKind.ShouldBe(JsonValueKind.True);
        var verified = await new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler().ValidateTokenAsync(jwt, new()
        {
            IssuerSigningKeys = new Microsoft.IdentityModel.Tokens.JsonWebKeySet(await http.GetStringAsync("/.well-known/jwks", TestContext.Current.CancellationToken)).Keys,
            ValidAlgorithms = [algorithm],
            ValidAudience = client.Id,
            ValidIssuer = claims.GetProperty("iss").GetString(),
            RequireExpirationTime = false,
            ValidateLifetime = false,
        });
        verified.IsValid.ShouldBeTrue(verified.Exception?.Message);

        http.DefaultRequestHeaders.Authorization = new("Bearer", jwt);
        (await http.GetAsync("/connect/userinfo", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }
}

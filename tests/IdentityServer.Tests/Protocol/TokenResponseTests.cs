using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>What comes out of the token endpoint, to the letter.</summary>
public sealed class TokenResponseTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task T2_The_answer_is_JSON_that_nobody_keeps_with_a_Bearer_token_and_a_number_of_seconds()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_post");
        var back = await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync());
        using var http = world.Server.CreateClient(cookies: false);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = back.Parameter("code")!,
            ["redirect_uri"] = RelyingParty.RedirectUri,
            ["code_verifier"] = client.Verifier,
            ["client_id"] = client.Id,
            ["client_secret"] = client.Secret!,
        });

        using var answer = await http.PostAsync("/connect/token", form, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        json.GetProperty("expires_in").ValueKind.ShouldBe(JsonValueKind.Number);
        json.GetProperty("expires_in").GetInt32().ShouldBeInRange(15 * 60 - 1, 15 * 60);
        json.EnumerateObject().Select(member => member.Name).ShouldBeSubsetOf(["access_token", "token_type", "expires_in", "id_token", "refresh_token", "scope"]);
    }

    [Theory]
    [InlineData(null, "RS256")]
    [InlineData("RS256", "RS256")]
    [InlineData("ES256", "ES256")]
    [InlineData("PS256", "PS256")]
    public async Task T4_The_id_token_is_signed_as_registered_by_a_published_key_and_tells_of_the_sign_in(string? registered, string algorithm)
    {
        await using var world = await World.StartAsync();
        var client = await AddClientAsync(world, registered);
        var email = await world.AddUserAsync();

        var tokens = await client.ExchangeAsync((await world.OpenBrowser().SignInAsync(client.Start(("nonce", null)), email)).Parameter("code")!);

        PublishedKeys.AlgorithmOf(tokens.IdToken!).ShouldBe(algorithm);
        (await PublishedKeys.FetchAsync(world.Server)).Verify(tokens.IdToken!).ShouldBeTrue();

        var claims = tokens.IdTokenClaims;
        var now = world.Clock.GetUtcNow().ToUnixTimeSeconds();
        claims.GetProperty("iss").GetString().ShouldBe(world.Server.Address.ToString());
        claims.GetProperty("aud").GetString().ShouldBe(client.Id);
        claims.GetProperty("iat").GetInt64().ShouldBe(now);
        claims.GetProperty("exp").GetInt64().ShouldBe(now + (15 * 60));
        claims.GetProperty("auth_time").GetInt64().ShouldBe(now);
        claims.GetProperty("acr").GetString().ShouldBe("urn:identityserver:acr:pwd-emailotp");
        claims.GetProperty("amr").EnumerateArray().Select(value => value.GetString()).ShouldBe(["pwd", "otp"]);
        claims.GetProperty("sid").GetString().ShouldNotBeNullOrEmpty();
        claims.TryGetProperty("nonce", out _).ShouldBeFalse("none was sent");
    }

    [Fact]
    public async Task A3_A_request_without_a_nonce_is_answered_and_one_with_it_gets_it_back()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var without = await client.ExchangeAsync((await browser.SignInAsync(client.Start(("nonce", null)), await world.AddUserAsync())).Parameter("code")!);
        var with = await client.ExchangeAsync((await browser.FollowAsync(await browser.GetAsync(client.Start(("nonce", "a b&c"))))).Parameter("code")!);

        without.IdTokenClaims.TryGetProperty("nonce", out _).ShouldBeFalse();
        with.IdTokenClaims.GetProperty("nonce").GetString().ShouldBe("a b&c");
    }

    [Fact]
    public async Task T5_The_id_token_holds_the_claims_of_the_protocol_and_nothing_of_the_person_or_of_ours()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var start = client.Start(("scope", "openid profile email address phone offline_access"));

        var tokens = await client.ExchangeAsync((await world.OpenBrowser().SignInAsync(start, email)).Parameter("code")!);
        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);

        foreach (var claims in new[] { tokens.IdTokenClaims, refreshed.IdTokenClaims })
        {
            claims.EnumerateObject().Select(claim => claim.Name).Except(["at_hash", "azp", "jti", "nbf", "nonce"]).ShouldBe(
                ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid"], ignoreOrder: true);
            claims.GetRawText().ShouldNotContain(email);
            claims.GetRawText().ShouldNotContain("Lovelace");
            claims.GetRawText().ShouldNotContain("\"Ada\""); // with its marks: three letters alone stand in a random value now and then
        }
    }

    [Fact]
    public async Task An_access_token_says_nothing_of_the_person_but_who_they_are_here()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();

        var claims = TokenAnswer.Claims((await client.SignInAsync(email)).AccessToken!);

        claims.GetRawText().ShouldNotContain(email);
        claims.GetRawText().ShouldNotContain("Lovelace");
        claims.GetRawText().ShouldNotContain("\"Ada\""); // with its marks: three letters alone stand in a random value now and then
        foreach (var name in new[] { "iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope" })
        {
            claims.TryGetProperty(name, out _).ShouldBeTrue($"RFC 9068 §2.2 wants {name}");
        }
    }

    [Fact]
    public async Task T3_Codes_and_refresh_tokens_are_never_alike_and_too_long_to_guess()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var first = await browser.SignInAsync(client.Start(), email);
        var seen = new List<string>();
        for (var round = 0; round < 10; round++)
        {
            var code = round == 0 ? first.Parameter("code")! : (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code")!;
            seen.AddRange([code, (await client.ExchangeAsync(code)).RefreshToken!]);
        }

        seen.Distinct().Count().ShouldBe(20);
        seen.ShouldAllBe(token => token.Length >= 22, "22 letters of base64 are 128 bits");
        seen.Select(token => token[^22..]).Distinct().Count().ShouldBe(20);
    }

    [Theory]
    [InlineData("openid profile", false)]
    [InlineData("openid profile offline_access", true)]
    public async Task A22_A_refresh_token_comes_where_it_was_asked_for(string scope, bool comes)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        var tokens = await client.ExchangeAsync((await world.OpenBrowser().SignInAsync(client.Start(("scope", scope)), await world.AddUserAsync())).Parameter("code")!);

        tokens.Status.ShouldBe(HttpStatusCode.OK);
        (tokens.RefreshToken is not null).ShouldBe(comes);
    }

    [Fact]
    public async Task A22_A_client_that_may_not_have_refresh_tokens_is_refused_and_never_gets_one()
    {
        await using var world = await World.StartAsync();
        var (id, secret) = ($"client-{Guid.NewGuid():N}", $"S{Guid.NewGuid():N}{Guid.NewGuid():N}");
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Brief","redirect_uris":["{{RelyingParty.RedirectUri}}"],
             "grant_types":["authorization_code"],"scope":"openid profile","first_party":true}
            """);
        var client = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, secret, "client_secret_basic");
        var browser = world.OpenBrowser();

        foreach (var prompt in new[] { null, "consent" })
        {
            var refused = await browser.GetAsync(client.Start(("scope", "openid offline_access"), ("prompt", prompt)));
            refused.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
            refused.Parameter("error").ShouldBe("invalid_request");
            refused.Parameter("error_description")!.ShouldContain("offline_access");
        }

        var back = await browser.SignInAsync(client.Start(("scope", "openid")), await world.AddUserAsync());
        (await client.ExchangeAsync(back.Parameter("code")!)).RefreshToken.ShouldBeNull();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("consent")]
    public async Task A22_A_third_party_gets_a_refresh_token_once_the_person_has_allowed_it(string? prompt)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();

        var asked = await browser.SignInAsync(client.Start(("prompt", prompt)), await world.AddUserAsync());
        asked.Location.ShouldBeNull("nobody has allowed anything yet");
        asked.Document.QuerySelectorAll("ul.scopes li").Length.ShouldBe(4, "offline access is among what is asked for");
        var back = await browser.FollowAsync(await browser.SubmitAsync(asked, new Dictionary<string, string> { ["Answer"] = "allow" }));

        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        (await client.RefreshAsync(tokens.RefreshToken.ShouldNotBeNull())).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("grant_type")]
    [InlineData("code")]
    [InlineData("redirect_uri")]
    [InlineData("code_verifier")]
    public async Task A_parameter_sent_twice_is_refused(string name)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_post");
        var back = await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync());
        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = back.Parameter("code")!,
            ["redirect_uri"] = RelyingParty.RedirectUri,
            ["code_verifier"] = client.Verifier,
            ["client_id"] = client.Id,
            ["client_secret"] = client.Secret!,
        };
        using var http = world.Server.CreateClient(cookies: false);
        using var twice = new FormUrlEncodedContent(fields.Append(KeyValuePair.Create(name, fields[name])));

        using var answer = await http.PostAsync("/connect/token", twice, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("error").GetString().ShouldBe("invalid_request");
        (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK, "the refusal used nothing up");
    }

    // The world's own clients name ES256.
    private static async Task<RelyingParty> AddClientAsync(World world, string? algorithm)
    {
        if (algorithm == "ES256")
        {
            return await world.AddClientAsync();
        }

        var (id, secret) = ($"client-{Guid.NewGuid():N}", $"S{Guid.NewGuid():N}{Guid.NewGuid():N}");
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Test app","redirect_uris":["{{RelyingParty.RedirectUri}}"],
             "grant_types":["authorization_code","refresh_token"],"scope":"openid profile email offline_access","first_party":true
             {{(algorithm is null ? "" : $",\"id_token_signed_response_alg\":\"{algorithm}\"")}}}
            """);
        return new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, secret, "client_secret_basic");
    }
}

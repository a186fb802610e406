using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol.Clients;

/// <summary>Clients that prove themselves by a key of their own: <c>private_key_jwt</c>.</summary>
public sealed class AssertionTests
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public async Task T1_A_client_signs_in_to_the_token_endpoint_by_a_jwt_of_its_own_key(string algorithm)
    {
        await using var stage = await Stage.StartAsync(algorithm);

        var answer = await stage.AskAsync(stage.Sign(stage.Claims()));

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        answer.AccessToken.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T11_A_jti_is_used_once_on_every_node_and_after_a_restart(bool postgreSql)
    {
        await using var stage = await Stage.StartAsync(postgreSql: postgreSql);
        await using var other = await stage.World.Server.StartAnotherNodeAsync();
        var assertion = stage.Sign(stage.Claims());

        (await stage.AskAsync(assertion)).Status.ShouldBe(HttpStatusCode.OK);

        (await stage.AskAsync(assertion)).Error.ShouldBe("invalid_client");
        (await stage.AskAsync(assertion, other)).Error.ShouldBe("invalid_client");
        await stage.World.Server.RestartAsync();
        var after = await stage.AskAsync(assertion);
        after.Error.ShouldBe("invalid_client");
        after.Json.GetProperty("error_description").GetString()!.ShouldContain("used before");
        (await stage.AskAsync(stage.Sign(stage.Claims()))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T11_Of_many_requests_with_one_jti_at_once_one_succeeds(bool postgreSql)
    {
        await using var stage = await Stage.StartAsync(postgreSql: postgreSql);
        var assertion = stage.Sign(stage.Claims());

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stage.AskAsync(assertion)));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(1);
        answers.Where(answer => answer.Status != HttpStatusCode.OK).ShouldAllBe(answer => answer.Error == "invalid_client");
    }

    [Fact]
    public async Task T11_A_jti_is_remembered_for_as_long_as_its_assertion_could_live()
    {
        await using var stage = await Stage.StartAsync();
        var assertion = stage.Sign(stage.Claims(("exp", stage.World.Clock.GetUtcNow().AddMinutes(59).ToUnixTimeSeconds())));
        (await stage.AskAsync(assertion)).Status.ShouldBe(HttpStatusCode.OK);

        stage.World.Clock.Advance(TimeSpan.FromMinutes(58));

        (await stage.AskAsync(assertion)).Json.GetProperty("error_description").GetString()!.ShouldContain("used before");
    }

    [Theory]
    [InlineData("{issuer}")]
    [InlineData("{issuer}/")]
    [InlineData("{issuer}/connect/token")]
    public async Task T11_The_audience_is_the_issuer_or_the_token_endpoint(string audience)
    {
        await using var stage = await Stage.StartAsync();

        (await stage.AskAsync(stage.Sign(stage.Claims(("aud", stage.Fill(audience)))))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("JWT")]
    [InlineData("client-authentication+jwt")]
    public async Task T11_The_type_may_be_absent_plain_or_the_one_for_assertions(string? type)
    {
        await using var stage = await Stage.StartAsync();

        (await stage.AskAsync(stage.Sign(stage.Claims(), type))).Status.ShouldBe(HttpStatusCode.OK);
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "aud", "\"https://elsewhere.example\"" },
        { "aud", "[\"{issuer}\",\"https://elsewhere.example\"]" },
        { "aud", "[]" },
        { "aud", "null" },
        { "iss", "\"somebody-else\"" },
        { "iss", "null" },
        { "sub", "\"somebody-else\"" },
        { "sub", "null" },
        { "exp", "null" },
        { "exp", "\"soon\"" },
        { "exp", "1" },
        { "exp", "4102444800" },
        { "nbf", "4102444800" },
        { "iat", "4102444800" },
        { "jti", "null" },
        { "jti", "\"\"" },
        { "jti", "7" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task T13_A_bad_assertion_is_an_invalid_client_and_told_why(string claim, string value)
    {
        await using var stage = await Stage.StartAsync();
        var claims = stage.Claims();
        claims.Remove(claim);
        if (value != "null")
        {
            claims[claim] = JsonNode.Parse(stage.Fill(value));
        }

        var answer = await stage.AskAsync(stage.Sign(claims));

        answer.Status.ShouldBe(HttpStatusCode.Unauthorized, answer.Json.ToString());
        answer.Error.ShouldBe("invalid_client");
        answer.Json.GetProperty("error_description").GetString()!.Length.ShouldBeGreaterThan(30);
    }

    [Fact]
    public async Task T13_A_jwt_that_somebody_else_signed_or_nobody_is_refused()
    {
        await using var stage = await Stage.StartAsync();
        using var stranger = new SigningParty();
        var good = stage.Sign(stage.Claims());

        foreach (var assertion in new[]
                 {
                     stranger.Sign(stage.Claims()), SigningParty.Unsigned(stage.Claims()), good[..^4] + "AAAA", good[..good.LastIndexOf('.')] + ".",
                     stage.Sign(stage.Claims(), "at+jwt"), stage.Sign(stage.Claims(), "logout+jwt"), "x.y.z", "no jwt", new string('a', 20_000),
                 })
        {
            (await stage.AskAsync(assertion)).Error.ShouldBe("invalid_client", assertion[..Math.Min(60, assertion.Length)]);
        }
    }

    [Fact]
    public async Task T13_The_public_key_as_a_shared_secret_signs_nothing()
    {
        await using var stage = await Stage.StartAsync("RS256");
        var key = new Microsoft.IdentityModel.Tokens.SymmetricSecurityKey(System.Text.Encoding.ASCII.GetBytes(stage.Key.Jwks)) { KeyId = stage.Key.Kid };
        var forged = new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler().CreateToken(
            stage.Claims().ToJsonString(), new Microsoft.IdentityModel.Tokens.SigningCredentials(key, "HS256"));

        (await stage.AskAsync(forged)).Error.ShouldBe("invalid_client");
    }

    [Fact]
    public async Task T1_A_client_that_registered_a_key_is_refused_with_anything_else_and_others_with_a_key()
    {
        await using var stage = await Stage.StartAsync();
        var bySecret = await stage.World.AddMachineAsync();

        (await stage.PostAsync(new() { ["grant_type"] = "client_credentials", ["client_id"] = stage.Id, ["client_secret"] = "guess" })).Error.ShouldBe("invalid_client");
        (await stage.PostAsync(new() { ["grant_type"] = "client_credentials", ["client_id"] = stage.Id })).Error.ShouldBe("invalid_request");
        var foreign = stage.Key.Sign(SigningParty.Assertion(bySecret.Id, stage.Issuer, stage.World.Clock.GetUtcNow()));
        (await stage.AskAsync(foreign)).Error.ShouldBe("invalid_client");
    }

    [Fact]
    public async Task T1_The_algorithm_that_a_client_registered_is_the_only_one_it_may_use()
    {
        await using var stage = await Stage.StartAsync("RS256", "\"token_endpoint_auth_signing_alg\":\"PS256\"");

        (await stage.AskAsync(stage.Sign(stage.Claims()))).Error.ShouldBe("invalid_client");
        (await stage.AskAsync(stage.Key.Sign(stage.Claims(), algorithm: "PS256"))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_id_beside_the_assertion_must_be_the_same()
    {
        await using var stage = await Stage.StartAsync();
        var fields = Stage.Fields(stage.Sign(stage.Claims()), ("grant_type", "client_credentials"));

        fields["client_id"] = "somebody-else";

        (await stage.PostAsync(fields)).Error.ShouldBe("invalid_client");
    }

    [Fact]
    public async Task Introspection_revocation_and_pushed_requests_take_assertions_too()
    {
        await using var stage = await Stage.StartAsync();
        var token = (await stage.AskAsync(stage.Sign(stage.Claims()))).AccessToken!;

        var introspected = await stage.PostAsync(Stage.Fields(stage.Sign(stage.Claims()), ("token", token)), "/connect/introspect");
        introspected.Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await stage.PostAsync(Stage.Fields(stage.Sign(stage.Claims()), ("token", token)), "/connect/revoke")).Status.ShouldBe(HttpStatusCode.OK);
        (await stage.PostAsync(Stage.Fields(stage.Sign(stage.Claims()), ("token", token)), "/connect/introspect")).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task T12_A_key_that_a_client_adds_to_its_published_set_works_within_a_minute()
    {
        await using var site = await ClientDocument.StartAsync();
        using var first = new SigningParty(kid: "first");
        using var second = new SigningParty(kid: "second");
        site.Text = first.Jwks;
        await using var world = await World.StartAsync(configure: site.Allow);
        await world.RegisterAsync($$"""
            {"client_id":"publisher","client_name":"Publisher","token_endpoint_auth_method":"private_key_jwt",
             "jwks_uri":"{{site.Address}}keys","grant_types":["client_credentials"]}
            """);

        (await AskAsync(first)).Status.ShouldBe(HttpStatusCode.OK);
        (await AskAsync(first)).Status.ShouldBe(HttpStatusCode.OK);
        site.Asked.ShouldBe(1, "a set is kept for a while");
        (await AskAsync(second)).Error.ShouldBe("invalid_client");
        site.Text = $$"""{"keys":[{{first.Jwk}},{{second.Jwk}}]}""";
        world.Clock.Advance(TimeSpan.FromSeconds(59));
        (await AskAsync(second)).Status.ShouldBe(HttpStatusCode.OK);

        // A key that is withdrawn signs for some minutes more at most.
        site.Text = second.Jwks;
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        (await AskAsync(first)).Error.ShouldBe("invalid_client");

        async Task<TokenAnswer> AskAsync(SigningParty key)
        {
            using var http = world.Server.CreateClient(cookies: false);
            var claims = SigningParty.Assertion("publisher", world.Server.Address.GetLeftPart(UriPartial.Authority), world.Clock.GetUtcNow());
            using var answer = await http.PostAsync(
                "/connect/token",
                new FormUrlEncodedContent(Stage.Fields(key.Sign(claims), ("grant_type", "client_credentials"))),
                TestContext.Current.CancellationToken);
            return new(answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
        }
    }

    private sealed class Stage : IAsyncDisposable
    {
        private Stage(World world, SigningParty key, string id) => (World, Key, Id) = (world, key, id);

        public World World { get; }

        public SigningParty Key { get; }

        public string Id { get; }

        public string Issuer => World.Server.Address.GetLeftPart(UriPartial.Authority);

        public static async Task<Stage> StartAsync(string algorithm = "ES256", string extra = "\"software_id\":\"x\"", bool postgreSql = false)
        {
            var world = await World.StartAsync(postgreSql);
            var key = new SigningParty(algorithm);
            var id = $"signer-{Guid.NewGuid():N}";
            await world.RegisterAsync($$"""
                {"client_id":"{{id}}","client_name":"Signer","token_endpoint_auth_method":"private_key_jwt","jwks":{{key.Jwks}},
                 "grant_types":["client_credentials"],{{extra}}}
                """);
            return new(world, key, id);
        }

        public string Fill(string text) => text.Replace("{issuer}", Issuer, StringComparison.Ordinal);

        public JsonObject Claims(params ReadOnlySpan<(string Name, JsonNode? Value)> changes) =>
            SigningParty.Assertion(Id, Issuer, World.Clock.GetUtcNow(), changes);

        public string Sign(JsonObject claims, string? type = null) => Key.Sign(claims, type);

        public static Dictionary<string, string> Fields(string assertion, params ReadOnlySpan<(string Name, string Value)> more)
        {
            var fields = new Dictionary<string, string> { ["client_assertion"] = assertion, ["client_assertion_type"] = Type };
            foreach (var (name, value) in more)
            {
                fields[name] = value;
            }

            return fields;
        }

        public Task<TokenAnswer> AskAsync(string assertion, TestServer? node = null) =>
            PostAsync(Fields(assertion, ("grant_type", "client_credentials")), node: node);

        public async Task<TokenAnswer> PostAsync(Dictionary<string, string> fields, string endpoint = "/connect/token", TestServer? node = null)
        {
            using var http = (node ?? World.Server).CreateClient(cookies: false);
            using var answer = await http.PostAsync(endpoint, new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);
            var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new(answer.StatusCode, JsonDocument.Parse(body.Length == 0 ? "{}" : body).RootElement);
        }

        public async ValueTask DisposeAsync()
        {
            Key.Dispose();
            await World.DisposeAsync();
        }
    }
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol.Clients;

/// <summary>Authorization requests that the client has signed (RFC 9101, OpenID Connect Core §6).</summary>
public sealed class RequestObjectTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("JWT")]
    [InlineData("oauth-authz-req+jwt")]
    public async Task A17_What_a_signed_request_object_says_stands_for_what_the_url_says(string? type)
    {
        await using var stage = await Stage.StartAsync();
        var signed = stage.Sign(new() { ["state"] = "signed-state", ["redirect_uri"] = Stage.OtherRedirect, ["nonce"] = "signed-nonce", ["max_age"] = 10_000 }, type);

        var back = await stage.World.OpenBrowser().SignInAsync(stage.Client.Start(("request", signed), ("state", "url-state")), await stage.World.AddUserAsync());

        back.Location!.GetLeftPart(UriPartial.Path).ShouldBe(Stage.OtherRedirect);
        back.Parameter("state").ShouldBe("signed-state");
        var tokens = await stage.Client.ExchangeAsync(back.Parameter("code")!, ("redirect_uri", Stage.OtherRedirect));
        tokens.IdTokenClaims.GetProperty("nonce").GetString().ShouldBe("signed-nonce");
    }

    [Fact]
    public async Task D5_A_request_object_may_be_signed_with_every_algorithm_that_discovery_names()
    {
        await using var world = await World.StartAsync();
        var named = JsonDocument.Parse((await world.OpenBrowser().GetAsync("/.well-known/openid-configuration")).Body)
            .RootElement.GetProperty("request_object_signing_alg_values_supported").EnumerateArray().Select(value => value.GetString()!).ToList();
        named.ShouldBe(["RS256", "PS256", "ES256"], ignoreOrder: true);

        foreach (var algorithm in named)
        {
            using var key = new SigningParty(algorithm);
            var client = await world.AddClientAsync(extra: $"\"jwks\":{key.Jwks},\"request_object_signing_alg\":\"{algorithm}\"");
            var signed = key.Sign(new() { ["state"] = "signed-state" });

            var back = await world.OpenBrowser().SignInAsync(client.Start(("request", signed)), await world.AddUserAsync());

            back.Parameter("state").ShouldBe("signed-state", algorithm);
            (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK, algorithm);
        }
    }

    [Fact]
    public async Task A17_A_pushed_request_may_be_a_signed_object_too()
    {
        await using var stage = await Stage.StartAsync();
        var pushed = await stage.Client.PostAsync("/connect/par", new() { ["client_id"] = stage.Client.Id, ["request"] = stage.Sign(stage.Whole()) });

        pushed.Status.ShouldBe(HttpStatusCode.Created, pushed.Json.ToString());
        var start = $"/connect/authorize?client_id={stage.Client.Id}&request_uri={Uri.EscapeDataString(pushed.Json.GetProperty("request_uri").GetString()!)}";
        var back = await stage.World.OpenBrowser().SignInAsync(start, await stage.World.AddUserAsync());

        back.Parameter("state").ShouldBe("signed-state");
        back.Parameter("code").ShouldNotBeNull();
    }

    public static TheoryData<string, string> Faults => new()
    {
        { """{"iss":"somebody-else"}""", "iss" },
        { """{"aud":"https://elsewhere.example"}""", "aud" },
        { """{"client_id":"somebody-else"}""", "client_id" },
        { """{"response_type":"token"}""", "response_type" },
        { """{"request":"x"}""", "request" },
        { """{"request_uri":"https://app.example.com/r"}""", "request_uri" },
        { """{"client_secret":"x"}""", "client_secret" },
        { """{"exp":1}""", "expired" },
        { """{"nbf":4102444800}""", "nbf" },
        { """{"scope":["openid"]}""", "scope" },
        { """{"state":{"a":1}}""", "state" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A17_A_request_object_with_a_fault_goes_back_to_the_client_with_the_reason(string claims, string reason)
    {
        await using var stage = await Stage.StartAsync();

        var answer = await stage.World.OpenBrowser().GetAsync(stage.Client.Start(("request", stage.Sign(JsonNode.Parse(claims)!.AsObject())), ("state", "kept")));

        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        answer.Parameter("error").ShouldBe("invalid_request_object");
        answer.Parameter("error_description")!.ShouldContain(reason);
        answer.Parameter("state").ShouldBe("kept");
        answer.Parameter("iss").ShouldNotBeNull();
    }

    [Fact]
    public async Task A17_Only_the_clients_own_signature_counts()
    {
        await using var stage = await Stage.StartAsync();
        using var stranger = new SigningParty();
        var browser = stage.World.OpenBrowser();

        foreach (var request in new[] { stranger.Sign(stage.Whole()), stage.Sign(stage.Whole())[..^4] + "AAAA", "no jwt", stage.Sign(stage.Whole(), "at+jwt") })
        {
            (await browser.GetAsync(stage.Client.Start(("request", request)))).Parameter("error").ShouldBe("invalid_request_object");
        }

        (await browser.GetAsync(stage.Client.Start(("request", SigningParty.Unsigned(stage.Whole()))))).Parameter("error").ShouldBe("request_not_supported");
    }

    [Fact]
    public async Task A17_An_object_cannot_lead_to_an_address_that_is_not_registered()
    {
        await using var stage = await Stage.StartAsync();

        var answer = await stage.World.OpenBrowser().GetAsync(stage.Client.Start(("request", stage.Sign(new() { ["redirect_uri"] = "https://evil.example/" }))));

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Location.ShouldBeNull();
    }

    [Fact]
    public async Task A17_A_client_without_keys_cannot_send_objects_and_is_told()
    {
        await using var world = await World.StartAsync();
        using var key = new SigningParty();
        var client = await world.AddClientAsync();

        var answer = await world.OpenBrowser().GetAsync(client.Start(("request", key.Sign(new() { ["state"] = "x" }))));

        answer.Parameter("error").ShouldBe("invalid_request_object");
        answer.Parameter("error_description")!.ShouldContain("jwks");
    }

    [Fact]
    public async Task A_client_that_must_sign_is_refused_without_and_nothing_beside_the_object_counts()
    {
        await using var stage = await Stage.StartAsync("\"require_signed_request_object\":true");
        var browser = stage.World.OpenBrowser();

        (await browser.GetAsync(stage.Client.Start())).Parameter("error").ShouldBe("invalid_request");
        var incomplete = await browser.GetAsync(stage.Client.Start(("request", stage.Sign(new() { ["state"] = "x" }))));
        incomplete.Parameter("error").ShouldBe("invalid_request_object");
        incomplete.Parameter("error_description")!.ShouldContain("redirect_uri");
        var partial = stage.Whole();
        partial.Remove("scope");
        var unsigned = await stage.World.OpenBrowser().SignInAsync(
            stage.Client.Start(("request", stage.Sign(partial)), ("scope", "openid email offline_access")), await stage.World.AddUserAsync());
        var tokens = await stage.Client.ExchangeAsync(unsigned.Parameter("code")!);
        (tokens.IdToken, tokens.RefreshToken).ShouldBe((null, null), "the scopes beside the object are nobody's wish");
        var back = await browser.SignInAsync(stage.Client.Start(("request", stage.Sign(stage.Whole())), ("state", "url")), await stage.World.AddUserAsync());
        back.Parameter("state").ShouldBe("signed-state");
    }

    [Fact]
    public async Task A17_An_object_is_fetched_from_an_address_that_was_registered_and_from_no_other()
    {
        await using var site = await ClientDocument.StartAsync("application/oauth-authz-req+jwt");
        await using var stage = await Stage.StartAsync(
            $"\"request_uris\":[\"{site.Address}request.jwt#1\"]", site.Allow);
        site.Text = stage.Sign(stage.Whole());

        var back = await stage.World.OpenBrowser().SignInAsync(stage.Client.Start(("request_uri", $"{site.Address}request.jwt#1")), await stage.World.AddUserAsync());
        back.Parameter("state").ShouldBe("signed-state");
        site.Asked.ShouldBe(1);

        foreach (var other in new[] { $"{site.Address}request.jwt", $"{site.Address}other.jwt#1", "https://169.254.169.254/latest", "http://localhost/" })
        {
            var refused = await stage.World.OpenBrowser().GetAsync(stage.Client.Start(("request_uri", other)));
            refused.Parameter("error").ShouldBe("invalid_request_uri", other);
        }

        site.Asked.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_names_one_object_and_a_pushed_one_no_address()
    {
        await using var stage = await Stage.StartAsync();

        var both = await stage.World.OpenBrowser().GetAsync(stage.Client.Start(("request", stage.Sign(stage.Whole())), ("request_uri", "https://app.example.com/r")));
        both.Parameter("error").ShouldBe("invalid_request");
        var pushed = await stage.Client.PostAsync("/connect/par", stage.Client.Request(("request_uri", "https://app.example.com/r")));
        pushed.Error.ShouldBe("invalid_request");
    }

    private sealed class Stage : IAsyncDisposable
    {
        public const string OtherRedirect = "https://app.example.com/other";

        private Stage(World world, SigningParty key, RelyingParty client) => (World, Key, Client) = (world, key, client);

        public World World { get; }

        public SigningParty Key { get; }

        public RelyingParty Client { get; }

        public static async Task<Stage> StartAsync(string extra = "\"software_id\":\"x\"", Action<TestServerSetup>? configure = null)
        {
            var world = await World.StartAsync(configure: configure);
            var key = new SigningParty();
            return new(world, key, await world.AddClientAsync("client_secret_post", $"\"jwks\":{key.Jwks},{extra}", redirectUris: [RelyingParty.RedirectUri, OtherRedirect]));
        }

        public JsonObject Whole()
        {
            var claims = new JsonObject
            {
                ["iss"] = Client.Id,
                ["aud"] = World.Server.Address.GetLeftPart(UriPartial.Authority),
                ["exp"] = World.Clock.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(),
            };
            foreach (var (name, value) in Client.Request(("state", "signed-state")))
            {
                claims[name] = value;
            }

            return claims;
        }

        public string Sign(JsonObject claims, string? type = null) => Key.Sign(claims, type);

        public async ValueTask DisposeAsync()
        {
            Key.Dispose();
            await World.DisposeAsync();
        }
    }
}

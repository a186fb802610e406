using System.Net;
using System.Web;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>Who is told of a request that is refused: its client, if the address is certainly the client's; else only the person.</summary>
public sealed class RefusalTests
{
    private const string Loopback = "http://127.0.0.1/native";
    private const string PrivateUse = "com.example.app:/native";

    /// <summary>What can be wrong with a request, and what its client is told.</summary>
    public static TheoryData<string, string?, string> Defects => new()
    {
        { "response_type", null, "invalid_request" },
        { "response_type", "nonsense", "unsupported_response_type" },
        { "response_type", "none", "unsupported_response_type" },
        { "response_mode", "web_message", "invalid_request" },
        { "prompt", "none login", "invalid_request" },
        { "prompt", "nonsense", "invalid_request" },
        { "code_challenge", null, "invalid_request" },
        { "code_challenge_method", "plain", "invalid_request" },
        { "scope", "openid nonsense", "invalid_scope" },
        { "request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported" },
        { "request_uri", "https://app.example.com/request.jwt", "invalid_request_uri" },
        { "resource", "https://api.example.com", "invalid_target" },
    };

    /// <summary>Addresses that look like the registered ones to somebody, or lead away some other way.</summary>
    private static readonly string[] _foreign =
    [
        "https://evil.example/callback",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com:x@evil.example/callback",
        "https://app.example.com%2eevil.example/callback",
        "https://app.example.com%00.evil.example/callback",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com\\.evil.example/callback",
        "https://evil.example/https://app.example.com/callback",
        "https://evil.example?https://app.example.com/callback",
        "https://evil.example#https://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://APP.example.com/callback",
        "HTTPS://app.example.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com/callback/",
        "https://app.example.com/callback?",
        "https://app.example.com/callback?next=https://evil.example",
        "https://app.example.com/callback#evil.example",
        "https://app.example.com/callback/../evil.example",
        "https://app.example.com//evil.example",
        "https:app.example.com/callback",
        "https:/app.example.com/callback",
        "https:evil.example",
        "//evil.example/callback",
        "/\\evil.example",
        "\\\\evil.example",
        "\thttps://evil.example",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "https://app.example.com/callback,https://evil.example",
        "https://app.example.com/callback https://evil.example",
        "https://app.example.com/callback\r\nLocation: https://evil.example",
        "https://аpp.example.com/callback",
        "http://127.0.0.1.evil.example/native",
        "http://127.0.0.1:4711@evil.example/native",
        "http://127.0.0.1:99999/native",
        "http://127.0.0.1:4711/evil",
        "http://localhost/native",
        "http://[::1]/native",
        "com.example.app://evil.example/native",
        "com.example.evil:/native",
        "javascript:alert(document.domain)",
        "data:text/html,evil.example",
        "file:///evil.example",
        "urn:ietf:params:oauth:request_uri:evil.example",
        "/connect/authorize",
        "",
    ];

    [Theory]
    [MemberData(nameof(Defects))]
    public async Task A8_A_client_is_told_what_is_wrong_with_its_request(string name, string? value, string error)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var request = client.Request((name, value));
        var browser = world.OpenBrowser();
        foreach (var answer in new[] { await browser.GetAsync(client.Start((name, value))), await browser.PostAsync("/connect/authorize", request) })
        {
            answer.Location.ShouldNotBeNull(answer.Body);
            answer.Location.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
            answer.Location.Fragment.ShouldBeEmpty();
            Check(HttpUtility.ParseQueryString(answer.Location.Query).Get, world, error);
        }
    }

    [Theory]
    [InlineData("token")]
    [InlineData("id_token")]
    [InlineData("code id_token")]
    public async Task What_would_have_carried_a_token_is_refused_by_fragment(string type)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var answer = await world.OpenBrowser().GetAsync(client.Start(("response_type", type)));
        answer.Location!.Query.ShouldBeEmpty();
        Check(HttpUtility.ParseQueryString(answer.Location.Fragment[1..]).Get, world, "unsupported_response_type");
    }

    [Fact]
    public async Task The_response_mode_that_was_asked_for_carries_the_refusal()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var fragment = await browser.GetAsync(client.Start(("response_mode", "fragment"), ("prompt", "nonsense")));
        fragment.Location!.Query.ShouldBeEmpty();
        Check(HttpUtility.ParseQueryString(fragment.Location.Fragment[1..]).Get, world, "invalid_request");

        var page = await browser.GetAsync(client.Start(("response_mode", "form_post"), ("response_type", null)));
        page.Status.ShouldBe(HttpStatusCode.OK);
        var form = page.Document.Forms.Single();
        form.GetAttribute("action").ShouldBe(RelyingParty.RedirectUri);
        Check(name => form.QuerySelector($"input[name={name}]")?.GetAttribute("value"), world, "invalid_request");
    }

    [Fact]
    public async Task A6_A_registered_query_is_kept_and_a_native_application_is_told_on_its_own_port()
    {
        await using var world = await World.StartAsync();
        var client = await NativeAsync(world, "https://app.example.com/callback?tenant=a%20b");
        var browser = world.OpenBrowser();
        var query = await browser.GetAsync(client.Start(("redirect_uri", "https://app.example.com/callback?tenant=a%20b"), ("prompt", "nonsense")));
        query.Location!.OriginalString.ShouldStartWith("https://app.example.com/callback?tenant=a%20b&");
        query.Parameter("error").ShouldBe("invalid_request");
        var port = await browser.GetAsync(client.Start(("redirect_uri", "http://127.0.0.1:4711/native"), ("prompt", "nonsense")));
        port.Location!.OriginalString.ShouldStartWith("http://127.0.0.1:4711/native?");
        var scheme = await browser.GetAsync(client.Start(("redirect_uri", PrivateUse), ("prompt", "nonsense")));
        scheme.Location!.OriginalString.ShouldStartWith(PrivateUse + "?");
    }

    [Fact]
    public async Task No_refusal_ever_leads_to_an_address_that_is_not_registered()
    {
        await using var world = await World.StartAsync(configure: setup => setup.ShowLog = false);
        var client = await NativeAsync(world);
        var browser = world.OpenBrowser();
        (string Name, string? Value)[] defects = [.. Defects.Select(row => (row.Data.Item1, row.Data.Item2))];
        foreach (var (place, uri) in _foreign.Index())
        {
            // Each address meets a few defects, and every defect many addresses.
            (string Name, string? Value)[] met =
                [("foo", "bar"), ("response_mode", "form_post"), ("response_mode", "fragment"), .. Enumerable.Range(place, 4).Select(turn => defects[turn % defects.Length])];
            foreach (var (name, value) in met)
            {
                StaysHere(await browser.GetAsync(client.Start(("redirect_uri", uri), (name, value))), $"{uri} with {name}={value}");
            }

            StaysHere(await browser.PostAsync("/connect/authorize", client.Request(("redirect_uri", uri), ("prompt", "nonsense"))), uri);
            StaysHere(await browser.GetAsync(client.Start(("response_mode", "form_post"), ("redirect_uri", uri), ("prompt", "nonsense"))), uri);
        }
    }

    [Fact]
    public async Task A7_An_address_that_is_named_twice_or_not_at_all_is_nobodys()
    {
        await using var world = await World.StartAsync();
        var client = await NativeAsync(world);
        var browser = world.OpenBrowser();
        var own = Uri.EscapeDataString(RelyingParty.RedirectUri);
        var evil = Uri.EscapeDataString("https://evil.example/");
        var rest = client.Start(("redirect_uri", null), ("prompt", "nonsense"));
        StaysHere(await browser.GetAsync(rest), "none");
        StaysHere(await browser.GetAsync($"{rest}&redirect_uri={own}&redirect_uri={evil}"), "own first");
        StaysHere(await browser.GetAsync($"{rest}&redirect_uri={evil}&redirect_uri={own}"), "own last");
    }

    [Fact]
    public async Task A5_Another_clients_address_and_an_unknown_client_get_our_own_page()
    {
        await using var world = await World.StartAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync(redirectUris: "https://other.example.com/callback"));
        var browser = world.OpenBrowser();
        StaysHere(await browser.GetAsync(client.Start(("redirect_uri", "https://other.example.com/callback"), ("prompt", "nonsense"))), "another's");
        StaysHere(await browser.GetAsync(client.Start(("client_id", other.Id), ("prompt", "nonsense"))), "as another");
        StaysHere(await browser.GetAsync(client.Start(("client_id", "nobody"), ("prompt", "nonsense"))), "as nobody");
        StaysHere(await browser.GetAsync(client.Start(("client_id", null), ("prompt", "nonsense"))), "as no one");
        StaysHere(await browser.GetAsync(client.Start(("prompt", "nonsense")) + "&client_id=" + other.Id), "as two");
    }

    [Fact]
    public async Task Beside_a_stored_request_that_cannot_be_read_no_address_counts()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        foreach (var prefix in new[] { "urn:ietf:params:oauth:request_uri:", "URN:IETF:params:oauth:request_uri:" })
        {
            StaysHere(await browser.GetAsync(client.Start(("request_uri", prefix + "never-stored"))), prefix);
        }

        var pushed = (await client.PostAsync("/connect/par", client.Request())).Json.GetProperty("request_uri").GetString()!;
        await world.AdvanceAsync(TimeSpan.FromMinutes(61));
        StaysHere(await browser.GetAsync(client.Start(("request_uri", pushed))), "lapsed");
    }

    private static Task<RelyingParty> NativeAsync(World world, params string[] more) => world.AddClientAsync(
        "none", "\"application_type\":\"native\"", redirectUris: [RelyingParty.RedirectUri, Loopback, PrivateUse, .. more]);

    private static void Check(Func<string, string?> parameter, World world, string error)
    {
        parameter("error").ShouldBe(error);
        parameter("state").ShouldBe("state-" + new string('s', 140));
        parameter("iss").ShouldBe(world.Server.Address.ToString());
        parameter("code").ShouldBeNull();
    }

    private static void StaysHere(Answer answer, string what)
    {
        answer.Status.ShouldBe(HttpStatusCode.BadRequest, what);
        answer.Location.ShouldBeNull(what);
        answer.Message.Headers.Contains("Refresh").ShouldBeFalse(what);
        answer.Body.ShouldNotContain("evil", customMessage: what);
        answer.Document.Forms.ShouldBeEmpty(what);
        answer.Document.QuerySelector(".reference code")!.TextContent.ShouldNotBeNullOrWhiteSpace(what);
    }
}

using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Hosting;

/// <summary>The server as it runs for real: over https, under its own name, with nothing of Development.</summary>
public sealed class ProductionTests : IDisposable
{
    private const string Strict = "max-age=31536000";

    private readonly TestCertificate _certificate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task A_whole_sign_in_over_https_keeps_every_cookie_on_this_host_and_off_the_wire()
    {
        await using var world = await World.StartAsync(configure: Https);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var back = await browser.SignInAsync(client.Start(), email);

        back.Parameter("iss").ShouldBe("https://id.example.com/");
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        tokens.Status.ShouldBe(HttpStatusCode.OK, tokens.Json.ToString());
        tokens.IdTokenClaims.GetProperty("iss").GetString().ShouldBe("https://id.example.com/");
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        await SignOutAsync(browser);

        browser.Seen.ShouldAllBe(answer => answer.Message.Headers.GetValues("Strict-Transport-Security").Single() == Strict);
        var cookies = browser.Seen.SelectMany(answer => answer.Message.Headers.TryGetValues("Set-Cookie", out var values) ? values : []).ToList();
        foreach (var name in new[] { "antiforgery", "idsrv.pending.", "idsrv.session", "idsrv.browser" })
        {
            cookies.ShouldContain(cookie => cookie.StartsWith("__Host-" + name, StringComparison.Ordinal));
        }

        foreach (var attributes in cookies.Select(cookie => cookie.Split(';', StringSplitOptions.TrimEntries)))
        {
            attributes[0].ShouldStartWith("__Host-");
            attributes.ShouldContain("secure", StringComparer.OrdinalIgnoreCase);
            attributes.ShouldContain("httponly", StringComparer.OrdinalIgnoreCase);
            attributes.ShouldContain("samesite=lax", StringComparer.OrdinalIgnoreCase);
            attributes.ShouldContain("path=/", StringComparer.OrdinalIgnoreCase);
            attributes.ShouldNotContain(attribute => attribute.StartsWith("domain", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task D1_Every_address_that_discovery_gives_is_https_under_the_issuers_name()
    {
        await using var world = await World.StartAsync(configure: Https);

        var answer = await world.OpenBrowser().GetAsync("/.well-known/openid-configuration");

        var addresses = JsonDocument.Parse(answer.Body).RootElement.EnumerateObject()
            .Where(member => member.Value.ValueKind == JsonValueKind.String && member.Value.GetString()!.Contains("://", StringComparison.Ordinal)).ToList();
        addresses.Count.ShouldBeGreaterThan(8);
        addresses.ShouldAllBe(member => member.Value.GetString()!.StartsWith("https://id.example.com/"));
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:443")]
    [InlineData("id.example.com.evil.example")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_request_for_another_host_is_refused(string host)
    {
        await using var world = await World.StartAsync(configure: Https);
        var browser = world.OpenBrowser();
        browser.Headers["Host"] = host;

        foreach (var path in new[] { "/", "/sign-in", "/.well-known/openid-configuration", "/connect/authorize", "/connect/token" })
        {
            var answer = await browser.GetAsync(path);
            answer.Status.ShouldBe(HttpStatusCode.BadRequest);
            answer.Body.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task There_is_no_mailbox_no_try_out_and_no_demo_account()
    {
        await using var world = await World.StartAsync(configure: Https);
        var browser = world.OpenBrowser();

        foreach (var path in new[] { "/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox/1", "/try-it", "/try-it/result", "/try-it/callback" })
        {
            (await browser.GetAsync(path)).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), "alice@example.com", "tea-with-the-hatter")).Alert.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    [InlineData("/connect/authorize?client_id=x")]
    [InlineData("/connect/userinfo")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/site.css")]
    [InlineData("/health/../sign-in")]
    [InlineData("/HEALTH/ready")]
    public async Task Plain_http_is_answered_by_a_refusal_alone(string path)
    {
        await using var world = await World.StartAsync(configure: BehindProxy("192.0.2.1"));
        var browser = world.OpenBrowser();
        foreach (var (name, value) in new[] { ("User-Agent", "x"), ("X-Forwarded-Proto", "https"), ("Forwarded", "proto=https"), ("X-Forwarded-Scheme", "https"), ("Front-End-Https", "on") })
        {
            browser.Headers[name] = value;
            var answer = await browser.GetAsync(path);
            answer.Status.ShouldBe(HttpStatusCode.BadRequest, $"nobody who is not the proxy can claim {name}");
            answer.Message.Headers.Contains("Set-Cookie").ShouldBeFalse();
            answer.Message.Headers.Contains("Strict-Transport-Security").ShouldBeFalse("over http it means nothing (RFC 6797 §7.2)");
        }
    }

    [Fact]
    public async Task A_supervisor_asks_over_http_whether_the_server_is_well()
    {
        await using var world = await World.StartAsync(configure: BehindProxy("192.0.2.1"));

        (await world.OpenBrowser().GetAsync("/health/live")).Body.ShouldBe("Healthy");
        (await world.OpenBrowser().GetAsync("/health/ready")).Body.ShouldBe("Healthy");
    }

    [Fact]
    public async Task Behind_the_proxy_that_is_named_its_word_for_https_counts()
    {
        await using var world = await World.StartAsync(configure: BehindProxy("127.0.0.1"));
        var browser = world.OpenBrowser();
        (await browser.GetAsync("/sign-in")).Status.ShouldBe(HttpStatusCode.BadRequest);
        browser.Headers["X-Forwarded-Proto"] = "https";

        var page = await browser.GetAsync("/sign-in");

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Message.Headers.GetValues("Strict-Transport-Security").Single().ShouldBe(Strict);
        page.Message.Headers.GetValues("Set-Cookie").Single().ShouldStartWith("__Host-antiforgery=");
    }

    [Fact]
    public async Task The_clients_requests_need_https_too()
    {
        await using var world = await World.StartAsync(configure: BehindProxy("192.0.2.1"));
        using var http = world.Server.CreateClient(cookies: false);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "x", ["client_secret"] = "y" });

        (await http.PostAsync("/connect/token", form, Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task SignOutAsync(Browser browser) =>
        (await browser.FollowAsync(await browser.SubmitAsync(await browser.GetAsync("/sign-out"), new Dictionary<string, string>()))).Body.ShouldContain("signed out");

    private static Action<TestServerSetup> BehindProxy(string proxy) => setup =>
    {
        setup.Environment = "Production";
        setup.Settings["Issuer"] = "https://127.0.0.1";
        setup.Settings["Proxy:KnownAddresses:0"] = proxy;
    };

    private void Https(TestServerSetup setup)
    {
        setup.Environment = "Production";
        setup.Certificate = _certificate;
        setup.Settings.Remove("Proxy:KnownAddresses:0");
    }
}

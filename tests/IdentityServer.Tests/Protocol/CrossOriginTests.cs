using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Protocol;

/// <summary>Who may call from a browser, what, and what is told (the Fetch standard's CORS protocol).</summary>
public sealed class CrossOriginTests
{
    private const string Origin = "https://page.example.com";
    private const string Redirect = $"{Origin}/callback";

    private static readonly string[] _open =
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks", "/connect/token", "/connect/userinfo", "/connect/revoke"];

    private static readonly string[] _closed =
        ["/connect/authorize", "/connect/endsession", "/connect/introspect", "/connect/par", "/", "/sign-in", "/sign-in/code", "/consent", "/sign-out", "/account", "/dev/mailbox", "/health/ready", "/connect/token/", "/no/such/page"];

    public static TheoryData<string, string> OpenEndpoints => new()
    {
        { _open[0], "GET" }, { _open[1], "GET" }, { _open[2], "GET" }, { _open[3], "POST" }, { _open[4], "GET, POST" }, { _open[5], "POST" },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(OpenEndpoints))]
    public async Task A_registered_page_may_ask_first_and_is_told_what_it_may_send(string path, string methods)
    {
        await using var world = await World.StartAsync();
        await world.AddClientAsync("none", redirectUris: Redirect);

        using var answer = await PreflightAsync(world, path, Origin);

        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        Header(answer, "Access-Control-Allow-Origin").ShouldBe(Origin);
        Header(answer, "Access-Control-Allow-Methods").ShouldBe(methods);
        Header(answer, "Access-Control-Allow-Headers").ShouldBe("authorization, content-type");
        Header(answer, "Access-Control-Max-Age").ShouldBe("600");
        Header(answer, "Access-Control-Allow-Credentials").ShouldBeNull();
        Vary(answer).ShouldContain("Origin");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_registered_page_reads_what_it_needs_refusals_too(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var client = await world.AddClientAsync("none", redirectUris: [RelyingParty.RedirectUri, Redirect]);
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        foreach (var path in _open[..3])
        {
            using var found = await SendAsync(world, HttpMethod.Get, path, Origin);
            ShouldBeReadable(found, HttpStatusCode.OK);
        }

        using var shown = await SendAsync(world, HttpMethod.Get, "/connect/userinfo", Origin, bearer: tokens.AccessToken);
        ShouldBeReadable(shown, HttpStatusCode.OK);
        using var refused = await SendAsync(world, HttpMethod.Get, "/connect/userinfo", Origin, bearer: "nonsense");
        ShouldBeReadable(refused, HttpStatusCode.Unauthorized);
        Header(refused, "WWW-Authenticate").ShouldNotBeNull();
        Header(refused, "Access-Control-Expose-Headers")!.ShouldContain("WWW-Authenticate");

        Dictionary<string, string> refresh = new() { ["grant_type"] = "refresh_token", ["client_id"] = client.Id, ["refresh_token"] = tokens.RefreshToken! };
        using var refreshed = await SendAsync(world, HttpMethod.Post, "/connect/token", Origin, refresh);
        ShouldBeReadable(refreshed, HttpStatusCode.OK);
        using var replayed = await SendAsync(world, HttpMethod.Post, "/connect/token", Origin, refresh);
        ShouldBeReadable(replayed, HttpStatusCode.BadRequest);
        using var revoked = await SendAsync(world, HttpMethod.Post, "/connect/revoke", Origin, new() { ["client_id"] = client.Id, ["token"] = "nonsense" });
        ShouldBeReadable(revoked, HttpStatusCode.OK);
        using var unreadable = await SendAsync(world, HttpMethod.Post, "/connect/token?x=%00", Origin, refresh);
        ShouldBeReadable(unreadable, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Pages_the_authorization_endpoint_and_what_only_servers_call_are_open_to_no_page()
    {
        await using var world = await World.StartAsync();
        await world.AddClientAsync("none", redirectUris: Redirect);

        foreach (var path in _closed)
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Options })
            {
                using var answer = await SendAsync(world, method, path, Origin, preflight: method == HttpMethod.Options);
                ShouldTellNothing(answer, $"{method} {path}");
            }
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("*")]
    [InlineData("https://page.example.com.evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("https://evilpage.example.com")]
    [InlineData("https://sub.page.example.com")]
    [InlineData("https://example.com")]
    [InlineData("https://page.example.com:8443")]
    [InlineData("https://page.example.com:443")]
    [InlineData("http://page.example.com")]
    [InlineData("https://PAGE.example.com")]
    [InlineData("HTTPS://page.example.com")]
    [InlineData("https://page.example.com/")]
    [InlineData("https://page.example.com/callback")]
    [InlineData("https://page.example.com.")]
    [InlineData("https://page.example.com@evil.example")]
    [InlineData("https://page.example.com, https://evil.example")]
    [InlineData("https://page.example.com https://evil.example")]
    [InlineData("https://xn--pge-ula.example.com")]
    [InlineData("page.example.com")]
    [InlineData("com.example.app://")]
    [InlineData("http://127.0.0.1:4711")]
    [InlineData("https://server.example.com")]
    [InlineData("https://app.example.com")] // only sent to after a sign-out
    public async Task Every_other_origin_is_told_nothing_and_served_as_before(string origin)
    {
        await using var world = await World.StartAsync();
        await world.AddClientAsync("none", redirectUris: Redirect);
        await world.AddClientAsync(redirectUris: "https://server.example.com/callback");
        await world.AddClientAsync("none", "\"application_type\":\"native\"", redirectUris: ["http://127.0.0.1/", "com.example.app:/cb"]);

        foreach (var path in _open)
        {
            using var asked = await PreflightAsync(world, path, origin);
            asked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            ShouldTellNothing(asked, path);
            Vary(asked).ShouldContain("Origin");
        }

        using var got = await SendAsync(world, HttpMethod.Get, "/.well-known/openid-configuration", origin);
        got.StatusCode.ShouldBe(HttpStatusCode.OK);
        ShouldTellNothing(got, origin);
        Vary(got).ShouldContain("Origin");
    }

    [Fact]
    public async Task An_answer_to_somebody_without_an_origin_says_that_it_depends_on_it()
    {
        await using var world = await World.StartAsync();

        foreach (var path in _open)
        {
            using var answer = await SendAsync(world, path is "/connect/token" or "/connect/revoke" ? HttpMethod.Post : HttpMethod.Get, path, null, []);
            Vary(answer).ShouldContain("Origin", path);
            ShouldTellNothing(answer, path);
        }
    }

    [Fact]
    public async Task A_client_in_capitals_and_with_the_usual_port_is_found_as_its_browser_writes_it()
    {
        await using var world = await World.StartAsync();
        await world.AddClientAsync("none", redirectUris: "https://Page.Example.com:443/callback");

        using var answer = await PreflightAsync(world, "/connect/token", Origin);

        Header(answer, "Access-Control-Allow-Origin").ShouldBe(Origin);
    }

    [Fact]
    public async Task The_operator_reads_which_origin_was_refused_and_nothing_that_no_browser_sends()
    {
        var lines = new ConcurrentQueue<string>();
        await using var world = await World.StartAsync(configure: setup =>
            setup.Configure = builder => builder.Services.AddSingleton<ILoggerProvider>(new Lines(lines)));
        await world.AddClientAsync("none", redirectUris: Redirect);

        (await PreflightAsync(world, "/connect/token", Origin)).Dispose();
        lines.ShouldNotContain(line => line.Contains("may not read"));

        (await PreflightAsync(world, "/connect/token", "https://typo.example.com")).Dispose();
        (await PreflightAsync(world, "/connect/token", "null")).Dispose();
        (await PreflightAsync(world, "/connect/userinfo", "https://x y somebody@example.org")).Dispose();

        lines.Where(line => line.Contains("may not read")).Select(line => line.Split(':')[0] + ':' + line.Split(": no")[0].Split(':', 2)[1]).ShouldBe(
        [
            "Information: A page of https://typo.example.com may not read /connect/token",
            "Information: A page of null may not read /connect/token",
            "Information: A page of (malformed) may not read /connect/userinfo",
        ]);
    }

    private static void ShouldBeReadable(HttpResponseMessage answer, HttpStatusCode status)
    {
        answer.StatusCode.ShouldBe(status);
        Header(answer, "Access-Control-Allow-Origin").ShouldBe(Origin);
        Header(answer, "Access-Control-Allow-Credentials").ShouldBeNull();
        Vary(answer).ShouldContain("Origin");
    }

    private static void ShouldTellNothing(HttpResponseMessage answer, string of) =>
        answer.Headers.ShouldAllBe(header => !header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase), of);

    private static Task<HttpResponseMessage> PreflightAsync(World world, string path, string origin) =>
        SendAsync(world, HttpMethod.Options, path, origin, preflight: true);

    private static async Task<HttpResponseMessage> SendAsync(
        World world, HttpMethod method, string path, string? origin, Dictionary<string, string>? form = null, string? bearer = null, bool preflight = false)
    {
        var http = world.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(method, path);
        request.Content = form is null ? null : new FormUrlEncodedContent(form);
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        if (preflight)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization");
        }

        return await http.SendAsync(request, Cancel);
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    private static HttpHeaderValueCollection<string> Vary(HttpResponseMessage answer) => answer.Headers.Vary;

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Hosting;

/// <summary>
/// Whatever strangers send, no answer is a failure of ours. Each parameter of each endpoint in turn takes each value from a list of those
/// that have broken servers, beside parameters that are right, so that the value gets as far in as any can.
/// </summary>
public sealed class FuzzTests
{
    private const string Form = "application/x-www-form-urlencoded";

    // Percent-encoded as they are sent. PostgreSQL takes no U+0000 and no text longer than its column.
    private static readonly string[] _values =
    [
        "", "%00", "a%00b", "%2500", "http://a/%00", "urn:ietf:params:oauth:request_uri:%00",
        "%ED%A0%80", "%FF%FE", "%F0%9F%98", "%C0%80", "%u0000", "%", "%4", "%E2%80%AE%0D%0AX:%20y",
        "-1", "99999999999999999999999999", "1e309", "NaN",
        "%7B%22%5Cu0000%22:%22%5Cud800%22%7D", "%5B%5B%5B%5D%5D%5D", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "..", "'\"--%20;",
        new('A', 300), "urn:ietf:params:oauth:request_uri:" + new string('x', 300), "https://app.example.com/" + new string('p', 2500), new('9', 5000),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_value_of_any_parameter_makes_any_endpoint_fail(bool postgreSql)
    {
        await using var stage = await Stage.StartAsync(postgreSql);

        await stage.SendAllAsync(
            from target in stage.Targets()
            from name in target.Fields.Keys
            from value in _values
            from doubled in new[] { false, true }
            select target.With(name, value, doubled));

        stage.Answers.ShouldBeGreaterThan(2_000);
        stage.Failures.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_header_and_no_body_makes_any_endpoint_fail(bool postgreSql)
    {
        await using var stage = await Stage.StartAsync(postgreSql);
        string[] bodies =
        [
            "a=%00", string.Concat(Enumerable.Range(0, 1_500).Select(number => $"k{number}=v&")), string.Concat(Enumerable.Repeat("a=1&", 3_000)),
            new('k', 5_000), "a=" + new string('x', 60_000), "a=" + new string('x', 70_000), "&&&===", "%", "a=%FF", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
        ];
        string[] types =
        [
            Form, Form + "; charset=utf-7", Form + "; charset=nonsense", Form + "; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=b",
            "multipart/form-data; boundary=\"" + new string('b', 200) + "\"", "application/json", "text/plain",
        ];
        string[] authorizations =
        [
            "Basic", "Basic !", Basic("%00:x"), Basic("\0:x"), Basic(":"), Basic("a"), Basic("%ED%A0%80:%FF"), Basic($"{new string('c', 3_000)}:x"),
            "Bearer", "Bearer a.b.c", "Bearer " + new string('t', 5_000), "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "Negotiate x", "é",
        ];
        string[] cookies = ["%00", "a", new('c', 3_000), "\"", "%ED%A0%80", new('A', 64)];

        await stage.SendAllAsync(
            [.. from target in stage.Targets().Where(target => target.Method == HttpMethod.Post) from body in bodies from type in types select target with { Raw = body, Type = type },
             .. from target in stage.Targets() from value in authorizations select target with { Authorization = value },
             .. from target in stage.Targets() from cookie in cookies select target with { Cookies = stage.AllCookies(cookie) }]);

        stage.Answers.ShouldBeGreaterThan(1_000);
        stage.Failures.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reference_that_no_row_has_room_for_is_no_reference(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        foreach (var length in new[] { 256, 257, 1_024 })
        {
            const string Prefix = "urn:ietf:params:oauth:request_uri:";
            var browser = world.OpenBrowser();
            var page = await browser.GetAsync($"/sign-in?client_id={client.Id}&request_uri={Prefix}{new string('x', length - Prefix.Length)}");

            var answer = await browser.EnterPasswordAsync(page, email);

            answer.Status.ShouldBe(HttpStatusCode.SeeOther, $"at {length}: {answer.Body}");
            (answer.Parameter("request_uri") is not null).ShouldBe(length == 256);
        }
    }

    [Theory]
    [InlineData("/connect/token", HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/connect/authorize", HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/sign-in", HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_form_that_cannot_be_read_is_the_senders_fault(string path, HttpStatusCode unreadable, HttpStatusCode tooLarge)
    {
        await using var world = await World.StartAsync();
        var http = world.Server.CreateClient();
        async Task<HttpStatusCode> PostAsync(string body) => (await http.PostAsync(path, new StringContent(body, Encoding.ASCII, Form), Cancel)).StatusCode;

        (await PostAsync("a=%00")).ShouldBe(unreadable);
        (await PostAsync(string.Concat(Enumerable.Range(0, 1_100).Select(number => $"k{number}=v&")))).ShouldBe(unreadable);
        (await PostAsync("a=" + new string('x', 66_000))).ShouldBe(tooLarge);
        (await http.GetAsync($"{path}?client_id=%00", Cancel)).StatusCode.ShouldBe(unreadable);
    }

    private static string Basic(string credentials) => "Basic " + Convert.ToBase64String(Encoding.Latin1.GetBytes(credentials));

    /// <summary>A request that is right but for what a test changes about it.</summary>
    private sealed record Target(HttpMethod Method, string Path, IReadOnlyDictionary<string, string> Fields)
    {
        public string? Raw { get; init; }

        public string Type { get; init; } = Form;

        public string? Authorization { get; init; }

        public string? Cookies { get; init; }

        public Target With(string name, string value, bool doubled)
        {
            var others = Fields.Where(field => doubled || field.Key != name).Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}");
            return this with { Raw = string.Join('&', others.Append($"{name}={value}")) };
        }

        // As written: nothing on this side may tidy up what is sent.
        public HttpRequestMessage ToRequest(Uri server, string network)
        {
            var fields = Raw ?? string.Join('&', Fields.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
            var request = Method == HttpMethod.Post
                ? new HttpRequestMessage(Method, Path) { Content = new ByteArrayContent(Encoding.Latin1.GetBytes(fields)) }
                : new HttpRequestMessage(Method, new Uri($"{server.GetLeftPart(UriPartial.Authority)}{Path}?{fields}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            request.Content?.Headers.TryAddWithoutValidation("Content-Type", Type);
            request.Headers.Add("X-Forwarded-For", network);
            request.Headers.TryAddWithoutValidation("Authorization", Authorization);
            request.Headers.TryAddWithoutValidation("Cookie", Cookies);
            return request;
        }

        public override string ToString() => string.Join(" | ", new[] { $"{Method} {Path}", Type, Authorization, Cookies, Raw }.Select(part => part is { Length: > 120 } ? part[..120] + "..." : part));
    }

    /// <summary>A server with a client, a person who is signed in and one who is about to, and a driver of many requests.</summary>
    private sealed class Stage(
        World world, FailureLog log, HttpClient http, RelyingParty client, string signedIn, string codePage, string antiforgery, string pending) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _failures = new();
        private int _sent;

        public int Answers => _sent;

        /// <summary>Answers that are failures, and what the server calls one itself, whatever it answered.</summary>
        public IEnumerable<string> Failures => _failures.Concat(log.Failures);

        public static async Task<Stage> StartAsync(bool postgreSql)
        {
            var log = new FailureLog();
            var world = await World.StartAsync(postgreSql, setup =>
            {
                setup.ShowLog = false;
                setup.Configure = builder => builder.Logging.AddProvider(log);
            });
            var (one, two) = (await world.AddUserAsync(), await world.AddUserAsync());
            var client = await world.AddClientAsync("client_secret_post");
            var atWork = world.OpenBrowser();
            await atWork.SignInAsync(client.Start(), one);
            var waiting = world.OpenBrowser();
            var page = await waiting.ReachCodePageAsync(client.Start(), two);
            var token = page.Document.QuerySelector("[name=antiforgery]")!.GetAttribute("value")!;
            return new(
                world, log, world.Server.CreateClient(cookies: false), client, atWork.Cookies.GetCookieHeader(world.Server.Address),
                page.Message.RequestMessage!.RequestUri!.PathAndQuery, token, waiting.Cookies.GetCookieHeader(world.Server.Address));
        }

        /// <summary>Every endpoint with parameters that are right, as a stranger and, where it makes a difference, as somebody known.</summary>
        public IEnumerable<Target> Targets()
        {
            var request = client.Request(("max_age", "60"), ("prompt", "login"), ("login_hint", "a@example.com"), ("id_token_hint", "x"),
                ("response_mode", "query"), ("ui_locales", "en"), ("acr_values", "x"), ("claims", "{}"), ("resource", "https://api.example.com"));
            var reference = new Dictionary<string, string> { ["client_id"] = client.Id, ["request_uri"] = "urn:ietf:params:oauth:request_uri:x" };
            var credentials = new Dictionary<string, string> { ["client_id"] = client.Id, ["client_secret"] = client.Secret! };
            var endSession = new Dictionary<string, string>
            {
                ["id_token_hint"] = "x",
                ["client_id"] = client.Id,
                ["post_logout_redirect_uri"] = "https://app.example.com/bye",
                ["state"] = "x",
                ["logout_hint"] = "x",
            };
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
            {
                yield return new(method, "/connect/authorize", request);
                yield return new(method, "/connect/authorize", reference) { Cookies = signedIn };
                yield return new(method, "/connect/endsession", endSession);
                yield return new(method, "/connect/userinfo", new Dictionary<string, string> { ["access_token"] = "x" });
            }

            yield return new(HttpMethod.Post, "/connect/par", new Dictionary<string, string>([.. request, KeyValuePair.Create("client_secret", client.Secret!)]));
            yield return new(HttpMethod.Post, "/connect/token", With(credentials, "grant_type=authorization_code", "code=x", "redirect_uri=https://app.example.com/callback", "code_verifier=x"));
            yield return new(HttpMethod.Post, "/connect/token", With(credentials, "grant_type=refresh_token", "refresh_token=x", "scope=openid"));
            yield return new(HttpMethod.Post, "/connect/introspect", With(credentials, "token=x", "token_type_hint=access_token"));
            yield return new(HttpMethod.Post, "/connect/revoke", With(credentials, "token=x", "token_type_hint=refresh_token"));
            yield return new(HttpMethod.Get, "/sign-in", With(reference, "reason=code-void", "login_hint=a@example.com"));
            yield return new(HttpMethod.Post, "/sign-in", With(reference, "Email=nobody@example.com", "antiforgery=" + antiforgery)) { Cookies = pending };
            yield return new(HttpMethod.Get, "/sign-in/code", With(reference, "challenge=x", "resent=x")) { Cookies = pending };
            yield return new(HttpMethod.Post, codePage, With(reference, "Digits=x", "antiforgery=" + antiforgery)) { Cookies = pending };
            yield return new(HttpMethod.Get, "/consent", reference) { Cookies = signedIn };
            yield return new(HttpMethod.Post, "/consent", With(reference, "Answer=allow", "antiforgery=" + antiforgery)) { Cookies = signedIn };
            yield return new(HttpMethod.Get, "/error", new Dictionary<string, string> { ["status"] = "500" });
            yield return new(HttpMethod.Get, "/try-it", new Dictionary<string, string> { ["code"] = "x", ["state"] = "x" });
            yield return new(HttpMethod.Get, "/try-it/callback", new Dictionary<string, string> { ["code"] = "x", ["state"] = "x", ["iss"] = "x", ["error"] = "x" });
            yield return new(HttpMethod.Get, "/.well-known/openid-configuration", new Dictionary<string, string> { ["x"] = "x" });
        }

        public string AllCookies(string value) => string.Join("; ", $"{signedIn}; {pending}".Split("; ").Select(cookie => $"{cookie.Split('=')[0]}={value}"));

        public async Task SendAllAsync(IEnumerable<Target> targets) =>
            await Parallel.ForEachAsync(targets, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancel }, async (target, cancellationToken) =>
            {
                var number = Interlocked.Increment(ref _sent);
                using var request = target.ToRequest(world.Server.Address, string.Create(CultureInfo.InvariantCulture, $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}"));
                try
                {
                    using var answer = await http.SendAsync(request, cancellationToken);
                    if (answer.StatusCode >= HttpStatusCode.InternalServerError && answer.Headers.RetryAfter is null)
                    {
                        _failures.Enqueue($"{(int)answer.StatusCode} {target}");
                    }
                }
                catch (HttpRequestException)
                {
                    // A body that is too large is refused before it is sent whole, and the connection closed.
                }
            });

        public async ValueTask DisposeAsync() => await world.DisposeAsync();

        private static Dictionary<string, string> With(Dictionary<string, string> fields, params string[] more) =>
            new([.. fields, .. more.Select(pair => KeyValuePair.Create(pair.Split('=')[0], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]))]);
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Protocol;

/// <summary>
/// Requests that are right and then changed at random, several times over: parameters left out, doubled, exchanged, cut, filled with what
/// has broken servers, said in a signed object instead. Whatever comes of it, there is no failure of ours, no way to an address that nobody
/// registered, and no token. What is changed, and how, follows from a fixed seed.
/// </summary>
public sealed partial class MutationTests
{
    private const int Rounds = 4_000;

    private const string Bye = "https://app.example.com/bye";

    // Marks a value that is sent as it is written: what no encoder would make.
    private const string Raw = "\u0001";

    private static readonly string[] Values =
    [
        "", "\0", "a\0b", "\uFFFD", "\u202E\r\nX: y", "-1", "1e309", "99999999999999999999", "null", "true", "[]", "{}", "[[[[]]]]", "\"", "..", "'\"--;", "none", "login none",
        "code token", "id_token", "form_post", "fragment", "https://evil.example/", "https://app.example.com.evil.example/callback", "https://app.example.com/callback/..",
        "https://app.example.com@evil.example/", "//evil.example", "javascript:alert(1)", "urn:ietf:params:oauth:request_uri:x", "http://169.254.169.254/", "https://[::1]/",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", """{"userinfo":{"name":{"essential":true,"values":[1,{"a":[]}]}}}""", """{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}""",
        new('A', 300), new('9', 4_000), Raw + "%ED%A0%80", Raw + "%FF%FE", Raw + "%C0%80", Raw + "%", Raw + "a%00b", "com.evil.app:/callback", "HTTPS://evil.example/", "plain", "S256", "authorization_code", "refresh_token", "password",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Whatever_is_changed_about_a_request_nothing_fails_leads_astray_or_gives_a_token(bool postgreSql, int seed)
    {
        using var log = new FailureLog();
        await using var world = await World.StartAsync(postgreSql, setup =>
        {
            setup.ShowLog = false;
            setup.Configure = builder => builder.Logging.AddProvider(log);
        });
        using var key = new SigningParty();
        var client = await world.AddClientAsync("client_secret_post", $"\"jwks\":{key.Jwks}", firstParty: false);
        var signer = $"signer-{Guid.NewGuid():N}";
        await world.RegisterAsync($$"""
            {"client_id":"{{signer}}","client_name":"Signer","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"private_key_jwt","jwks":{{key.Jwks}}}
            """);
        var signedIn = world.OpenBrowser();
        var other = await world.AddClientAsync();
        var person = await world.AddUserAsync();
        var ofAnother = await other.ExchangeAsync((await signedIn.SignInAsync(other.Start(), person)).Parameter("code")!);
        var code = (await signedIn.FollowAsync(await signedIn.GetAsync(other.Start()))).Parameter("code")!;

        // All of it is real and live, and was given to another client; the hint is somebody else's, or it would rightly sign out.
        var hint = (await (await world.AddClientAsync()).SignInAsync(await world.AddUserAsync())).IdToken!;
        var stolen = new Stolen(code, ofAnother.RefreshToken!, ofAnother.AccessToken!, hint);
        var cookies = signedIn.Cookies.GetCookieHeader(world.Server.Address);
        using var http = world.Server.CreateClient(cookies: false);
        var random = new Random(seed);
        var asks = Enumerable.Range(0, Rounds).Select(_ => Make(random, world, client, signer, key, stolen)).ToList();
        var (answered, cut, faults, kinds) = (0, 0, new ConcurrentQueue<string>(), new ConcurrentDictionary<string, int>());

        await Parallel.ForEachAsync(asks, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancel }, async (ask, cancellationToken) =>
        {
            var number = Interlocked.Increment(ref answered);
            using var request = ask.ToRequest(world.Server.Address);
            request.Headers.Add("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}"));
            if (ask.SignedIn)
            {
                request.Headers.Add("Cookie", cookies);
            }

            try
            {
                using var answer = await http.SendAsync(request, cancellationToken);
                var body = await answer.Content.ReadAsStringAsync(cancellationToken);
                kinds.AddOrUpdate($"{ask.Path} {(int)answer.StatusCode}", 1, (_, count) => count + 1);
                if (Fault(answer, body, world.Server.Address) is { } fault)
                {
                    faults.Enqueue($"{fault}: {ask}");
                }
            }
            catch (HttpRequestException)
            {
                Interlocked.Increment(ref cut); // too large to be read whole: the connection is closed
            }
        });

        answered.ShouldBe(Rounds);
        faults.ShouldBeEmpty();
        log.Failures.ShouldBeEmpty();

        // Much of it got past the door, or nothing was tried.
        cut.ShouldBeLessThan(Rounds / 50);
        var told = string.Join(", ", kinds.OrderBy(kind => kind.Key).Select(kind => $"{kind.Key}: {kind.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine(told);
        kinds.GetValueOrDefault("/connect/authorize 302").ShouldBeGreaterThan(300, told);
        kinds.GetValueOrDefault("/connect/par 201").ShouldBeGreaterThan(50, told);
        kinds.GetValueOrDefault("/connect/introspect 200").ShouldBeGreaterThan(50, told);
        (await other.UserInfoAsync(stolen.AccessToken)).Status.ShouldBe(HttpStatusCode.OK, "and nothing of another client was ended");
    }

    private static string? Fault(HttpResponseMessage answer, string body, Uri server)
    {
        if (answer.StatusCode >= HttpStatusCode.InternalServerError)
        {
            return $"{(int)answer.StatusCode}";
        }

        if (GivesSomething().IsMatch(body))
        {
            return "a token";
        }

        if (answer.Headers.Location is not { } location)
        {
            return FormTarget().Match(body) is { Success: true } form && !IsKnown(WebUtility.HtmlDecode(form.Groups[1].Value)) ? "a form to elsewhere" : null;
        }

        var target = new Uri(server, location);
        return target.Query.Contains("code=", StringComparison.Ordinal) || target.Fragment.Contains("code=", StringComparison.Ordinal) ? "a code"
            : target.GetLeftPart(UriPartial.Authority) != server.GetLeftPart(UriPartial.Authority) && !IsKnown(target.GetLeftPart(UriPartial.Path)) ? $"led to {target.Host}"
            : null;
    }

    private static bool IsKnown(string address) => address is RelyingParty.RedirectUri or Bye;

    private static Ask Make(Random random, World world, RelyingParty client, string signer, SigningParty key, Stolen stolen)
    {
        var fields = random.Next(6) switch
        {
            0 or 1 => client.Request(("max_age", "60"), ("claims", """{"userinfo":{"email":null}}"""), ("login_hint", "a@example.com"), ("prompt", "consent")),
            2 => new() { ["client_id"] = client.Id, ["client_secret"] = client.Secret!, ["grant_type"] = "authorization_code", ["code"] = stolen.Code, ["redirect_uri"] = RelyingParty.RedirectUri, ["code_verifier"] = client.Verifier },
            3 => new() { ["client_id"] = client.Id, ["client_secret"] = client.Secret!, ["grant_type"] = "refresh_token", ["refresh_token"] = stolen.RefreshToken, ["scope"] = "openid" },
            4 => new() { ["id_token_hint"] = stolen.IdToken, ["client_id"] = client.Id, ["post_logout_redirect_uri"] = Bye, ["state"] = "s" },
            _ => new() { ["token"] = stolen.AccessToken, ["client_id"] = client.Id, ["client_secret"] = client.Secret! },
        };
        var path = fields.ContainsKey("response_type") ? random.Next(3) == 0 ? "/connect/par" : "/connect/authorize"
            : fields.ContainsKey("grant_type") ? "/connect/token"
            : fields.ContainsKey("state") ? "/connect/endsession"
            : random.Next(2) == 0 ? "/connect/introspect" : "/connect/revoke";
        if (path is not ("/connect/authorize" or "/connect/endsession") && random.Next(3) == 0)
        {
            Assert(random, fields, world, signer, key);
        }
        else if (path == "/connect/par")
        {
            fields["client_secret"] = client.Secret!;
        }

        var pairs = fields.Select(field => (field.Key, field.Value)).ToList();
        for (var change = random.Next(4); change > 0; change--)
        {
            Change(random, pairs);
        }

        if (path is "/connect/authorize" or "/connect/par" && random.Next(3) == 0)
        {
            PutIntoObject(random, pairs, key);
        }

        var get = path is "/connect/authorize" or "/connect/endsession" && random.Next(2) == 0;
        return new(get ? HttpMethod.Get : HttpMethod.Post, path, pairs, random.Next(2) == 0);
    }

    private static void Assert(Random random, Dictionary<string, string> fields, World world, string signer, SigningParty key)
    {
        var claims = SigningParty.Assertion(signer, world.Server.Address.GetLeftPart(UriPartial.Authority), world.Clock.GetUtcNow());
        if (random.Next(2) == 0)
        {
            claims[new[] { "iss", "sub", "aud", "exp", "nbf", "iat", "jti" }[random.Next(7)]] = Json(random);
        }

        fields.Remove("client_secret");
        fields["client_id"] = signer;
        fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        fields["client_assertion"] = key.Sign(claims);
    }

    private static void PutIntoObject(Random random, List<(string Name, string Value)> pairs, SigningParty key)
    {
        var claims = new JsonObject();
        foreach (var (name, value) in pairs.Where(_ => random.Next(2) == 0).ToList())
        {
            claims[name] = random.Next(6) == 0 ? Json(random) : value;
        }

        pairs.Add(("request", random.Next(5) == 0 ? SigningParty.Unsigned(claims) : key.Sign(claims)));
    }

    private static JsonNode? Json(Random random) => random.Next(7) switch
    {
        0 => null,
        1 => random.NextInt64(),
        2 => new JsonArray(1, "x", new JsonObject()),
        3 => new JsonObject { ["a"] = new JsonObject { ["b"] = new JsonArray() } },
        4 => random.NextDouble() * 1e300,
        5 => true,
        _ => Values[random.Next(Values.Length)],
    };

    private static void Change(Random random, List<(string Name, string Value)> pairs)
    {
        if (pairs.Count == 0)
        {
            return;
        }

        var at = random.Next(pairs.Count);
        switch (random.Next(6))
        {
            case 0:
                pairs.RemoveAt(at);
                break;
            case 1:
                pairs.Add((pairs[at].Name, random.Next(2) == 0 ? pairs[at].Value : Values[random.Next(Values.Length)]));
                break;
            case 2:
                pairs[at] = (pairs[at].Name, pairs[random.Next(pairs.Count)].Value);
                break;
            case 3:
                pairs[at] = (pairs[at].Name, pairs[at].Value[..random.Next(pairs[at].Value.Length + 1)]);
                break;
            case 4:
                pairs.Add((Values[random.Next(Values.Length)], "x"));
                break;
            default:
                pairs[at] = (pairs[at].Name, Values[random.Next(Values.Length)]);
                break;
        }
    }

    [GeneratedRegex("\"(access_token|id_token|refresh_token)\"\\s*:|name=\"code\"")]
    private static partial Regex GivesSomething();

    [GeneratedRegex("<form id=\"answer\"[^>]*action=\"([^\"]*)\"")]
    private static partial Regex FormTarget();

    private sealed record Stolen(string Code, string RefreshToken, string AccessToken, string IdToken);

    private sealed record Ask(HttpMethod Method, string Path, IReadOnlyList<(string Name, string Value)> Fields, bool SignedIn)
    {
        public HttpRequestMessage ToRequest(Uri server)
        {
            var text = string.Join('&', Fields.Select(field => $"{Encode(field.Name)}={Encode(field.Value)}"));
            return Method == HttpMethod.Get
                ? new(Method, new Uri($"{server.GetLeftPart(UriPartial.Authority)}{Path}?{text}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
                : new(Method, new Uri(server, Path)) { Content = new StringContent(text, Encoding.ASCII, "application/x-www-form-urlencoded") };
        }

        private static string Encode(string value) => value.StartsWith(Raw, StringComparison.Ordinal) ? value[Raw.Length..] : Uri.EscapeDataString(value);

        public override string ToString() => $"{Method} {Path} {JsonSerializer.Serialize(Fields.Select(field => $"{field.Name}={field.Value}"))}";
    }
}

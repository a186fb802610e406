using System.Net;
using System.Text;
using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Tests.Api;

/// <summary>Bodies and queries that nobody means.</summary>
public sealed class ApiFuzzTests
{
    private static readonly string[] _values =
    [
        "null", "true", "-1", "1e309", "99999999999999999999", "\"\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\u202e\"", "[]", "[null]", "[[]]", "[\"\\u0000\"]",
        "{}", "{\"a\":{\"a\":{\"a\":{}}}}", "{\"keys\":[{\"kty\":\"RSA\"}]}", "{\"keys\":[null]}", "\"" + new string('x', 5000) + "\"", "\"https://a.example.com/\\u0000\"",
    ];

    private static readonly string[] _bodies =
    [
        "", "null", "[]", "\"x\"", "{", "{\"a\":1,\"a\":2}", "{\"client_name\":\"a\",\"client_name\":\"b\"}", "{\"\\ud800\":1}", "{\"\\u0000\":1}", new string('[', 50_000), "\u0000", "{}",
    ];

    private static readonly string[] _queries =
        ["limit=%00", "cursor=%ED%A0%80", "cursor=" + "AAAA", "since=9999-99-99", "since=9999-12-31T23:59:59%2B14:00", "since=0001-01-01T00:00:00%2B14:00", "days=%FF", "code=%u0000", "force=%00&force=true", "cursor=MTAwMDAwMDAwMDAwMDAwMDAwMDAvYQ"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_that_is_sent_makes_the_api_fail(bool postgreSql)
    {
        await using var stage = await ApiStage.StartAsync(postgreSql);
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        var path = $"/clients/{made.Text("client_id")}";
        (HttpMethod Method, string Path, IEnumerable<string> Members)[] targets =
        [
            (HttpMethod.Post, "/clients", [.. ClientMetadata.Members.Keys, "kind"]), (HttpMethod.Patch, path, ClientMetadata.Members.Keys),
            (HttpMethod.Put, path, ["client_id", "jwks", "scope"]), (HttpMethod.Post, path + "/secrets", ["label", "expires_at"]),
            (HttpMethod.Patch, path + "/secrets/" + Guid.NewGuid(), ["retires_itself"]), (HttpMethod.Post, path + "/test-users", ["name", "password", "claims"]),
        ];
        var failed = new List<string>();
        foreach (var (method, target, members) in targets)
        {
            foreach (var body in _bodies.Concat(from member in members from value in _values select $"{{\"{member}\":{value}}}"))
            {
                await SendAsync(method, target, body);
            }
        }

        foreach (var query in _queries)
        {
            foreach (var target in (string[])["/clients", path + "/failures", path + "/activity", path + "/test-users/x/mails", path + "/failures/%00", "/clients/%00", "/clients/%ED%A0%80", path + "/secrets/%FF"])
            {
                await SendAsync(HttpMethod.Get, $"{target}?{query}", null);
            }
        }

        failed.ShouldBeEmpty();

        async Task SendAsync(HttpMethod method, string target, string? body)
        {
            stage.World.Clock.Advance(TimeSpan.FromMilliseconds(110)); // as fast as a caller may go on for ever
            using var request = new HttpRequestMessage(method, "/api/v1" + target);
            request.Headers.Authorization = new("Bearer", owner.Token);
            request.Headers.TryAddWithoutValidation("If-Match", "*");
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await stage.World.Server.CreateClient(cookies: false).SendAsync(request, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if ((int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized)
            {
                failed.Add($"{(int)response.StatusCode} {method} {target} {body?[..Math.Min(body.Length, 80)]}");
            }
            else if (text.Length > 0)
            {
                JsonDocument.Parse(text).Dispose();
            }
        }
    }
}

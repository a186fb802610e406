using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Hosting;

/// <summary>What no form of ours looks like is refused in good order: a stranger's nonsense is never a failure of the server.</summary>
public sealed class UnreadableRequestTests
{
    [Fact]
    public async Task A_token_whose_header_is_not_unicode_is_one_that_is_not_valid()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        foreach (var header in new[] { """{"kid":"\ud800"}""", "{\"kid\":\"\u00ff\"}" })
        {
            var token = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.Latin1.GetBytes(header)) + ".e30.x";

            (await client.UserInfoAsync(token)).Status.ShouldBe(System.Net.HttpStatusCode.Unauthorized);
            (await client.PostAsync("/connect/introspect", new() { ["token"] = token })).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
            (await client.PostAsync("/connect/par", client.Request(("claims", """{"userinfo":{"\ud800":null}}""")))).Error.ShouldBe("invalid_request");
        }
    }

    private const int LargestBody = 64 * 1024;

    private static readonly string[] _endpoints =
        ["/sign-in", "/sign-in/code", "/sign-out", "/consent", "/try-it", "/connect/authorize", "/connect/token", "/connect/par", "/connect/userinfo",
         "/connect/introspect", "/connect/revoke", "/connect/endsession", "/connect/register"];

    // They take nothing from a body, or can do without.
    private static readonly string[] _undemanding = ["/try-it", "/connect/endsession"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_as_that()
    {
        await using var world = await World.StartAsync();
        using var http = world.Server.CreateClient();
        foreach (var (path, chunked) in _endpoints.SelectMany(path => new[] { (path, false), (path, true) }))
        {
            using var request = Form(path, "x=" + new string('a', LargestBody));
            request.Headers.TransferEncodingChunked = chunked;

            using var answer = await http.SendAsync(request, Cancel);

            answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge, path);
            await ShouldBeForItsReaderAsync(path, answer);
        }
    }

    [Fact]
    public async Task A_form_that_cannot_be_read_is_refused()
    {
        await using var world = await World.StartAsync();
        using var http = world.Server.CreateClient();
        string[] bodies =
        [
            string.Join('&', Enumerable.Range(0, 1100).Select(number => $"k{number}=v")), // too many fields
            new string('k', 3000) + "=1", // too long a name
            "grant_type=authorization_code&client_id=try-it&code=%00",
            "Email=a%00b@example.com&Password=x",
        ];
        foreach (var (path, body) in _endpoints.SelectMany(path => bodies.Select(body => (path, body))))
        {
            using var request = Form(path, body);

            using var answer = await http.SendAsync(request, Cancel);

            answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
            await ShouldBeForItsReaderAsync(path, answer);
        }
    }

    [Fact]
    public async Task A_body_of_another_kind_is_refused()
    {
        await using var world = await World.StartAsync();
        using var http = world.Server.CreateClient();
        string[] types = ["multipart/form-data; boundary=x", "application/json", "text/xml", "application/x-www-form-urlencoded; charset=utf-99"];
        foreach (var (path, type) in _endpoints.SelectMany(path => types.Select(type => (path, type))))
        {
            using var request = Form(path, "{\"grant_type\": \"password\"}");
            request.Content!.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);

            using var answer = await http.SendAsync(request, Cancel);

            ((int)answer.StatusCode).ShouldBeLessThan(500, $"{path} {type}");
            (_undemanding.Contains(path, StringComparer.Ordinal) || (int)answer.StatusCode >= 400).ShouldBeTrue($"{path} {type}: {answer.StatusCode}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_character_that_no_database_takes_is_no_failure_wherever_it_stands(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var browser = world.OpenBrowser();
        string[] addresses =
        [
            "/connect/authorize?client_id=%00&response_type=code", "/connect/authorize?client_id=a&request_uri=urn:ietf:params:oauth:request_uri:%00",
            "/connect/endsession?client_id=%00", "/connect/endsession?id_token_hint=%00", "/connect/userinfo?access_token=%00",
            "/sign-in?client_id=%00&request_uri=urn:ietf:params:oauth:request_uri:x", "/sign-in/code?challenge=%00", "/consent?client_id=%00&request_uri=%00",
            "/try-it/callback?code=%00&state=%00", "/?state=%00", "/.well-known/openid-configuration?x=%00",
        ];
        foreach (var address in addresses)
        {
            (await browser.GetAsync(address)).Status.ShouldBe(HttpStatusCode.BadRequest, address);
        }

        using var http = world.Server.CreateClient();
        foreach (var credentials in new[] { "\0:x", "a\0b:\0", "client:\0", "\ud800:x", "%00:%00" })
        {
            using var request = Form("/connect/token", "grant_type=client_credentials");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));

            using var answer = await http.SendAsync(request, Cancel);

            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Credentials_that_are_none_are_refused()
    {
        string[] headers = ["Basic", "Basic !!!", "Basic Og==", "Basic eA==", "Bearer", "Bearer ..", "Bearer e30.e30.e30", "Digest username=\"x\"", "Bearer x, Basic eDp5"];
        await using var world = await World.StartAsync();
        using var http = world.Server.CreateClient();
        string[] paths = ["/connect/token", "/connect/introspect", "/connect/revoke", "/connect/par", "/connect/userinfo"];
        foreach (var (path, header) in paths.SelectMany(path => headers.Select(header => (path, header))))
        {
            using var request = Form(path, "grant_type=client_credentials&token=x");
            request.Headers.TryAddWithoutValidation("Authorization", header).ShouldBeTrue();

            using var answer = await http.SendAsync(request, Cancel);

            answer.StatusCode.ShouldBeOneOf([HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized], $"{path} {header}");
        }
    }

    [Fact]
    public async Task Headers_that_are_too_many_or_too_large_are_refused()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.CreateClient();
        foreach (var (count, length) in new[] { (60, 10), (1, 20_000) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/sign-in");
            for (var number = 0; number < count; number++)
            {
                request.Headers.Add($"X-Filler-{number}", new string('x', length));
            }

            using var answer = await http.SendAsync(request, Cancel);

            answer.StatusCode.ShouldBe(HttpStatusCode.RequestHeaderFieldsTooLarge);
        }
    }

    [Fact]
    public async Task What_is_as_large_as_it_may_be_is_read()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_post");
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        var filler = new string('a', LargestBody - 2048);

        var answer = await client.TokenAsync(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = tokens.RefreshToken!, ["filler"] = filler });

        answer.Status.ShouldBe(HttpStatusCode.OK);
    }

    private static HttpRequestMessage Form(string path, string body) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded"),
    };

    // People get a page; programs, whose libraries read no HTML, get the status alone.
    private static async Task ShouldBeForItsReaderAsync(string path, HttpResponseMessage answer)
    {
        var forPeople = !path.StartsWith("/connect/", StringComparison.Ordinal) || path is "/connect/authorize" or "/connect/endsession";
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        body.Contains("<html", StringComparison.Ordinal).ShouldBe(forPeople, body);
    }
}

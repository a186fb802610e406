using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Protocol;

/// <summary>
/// samples/Api as a program of its own, with Microsoft's JWT bearer handler: what a third party makes of our access tokens. It lives by
/// the machine's clock, so the server does too.
/// </summary>
public sealed class SampleApiTests
{
    private const string Resource = "https://notes.example.com";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_takes_tokens_for_it_with_the_scope_and_no_others()
    {
        await using var world = await StartAsync(TimeSpan.Zero);
        await world.AddResourcesAsync();
        await using var api = await SampleProcess.StartAsync(world.Server.Address, FreePort.Find(), Cancel, "Api");
        var client = await world.AddClientWithScopeAsync("openid email offline_access notes.read notes.write n.read");
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid email offline_access notes.read n.read", Resource, ResourceWorld.NotesApi), ("resource", Resource));
        var jwks = (await world.OpenBrowser().GetAsync("/.well-known/jwks")).Body;

        (await GetAsync(api, tokens.AccessToken)).Body.ShouldContain("Buy tea.");
        (await PostAsync(api, tokens.AccessToken!)).ShouldBe(HttpStatusCode.Forbidden, "notes.write was not asked for");
        var other = await client.RefreshForAsync(tokens.RefreshToken!, ResourceWorld.NotesApi);
        var own = await client.RefreshForAsync(other.RefreshToken!, world.Server.Address.AbsoluteUri);
        foreach (var (token, why) in new (string?, string)[]
        {
            (null, "no token"),
            (tokens.IdToken, "an id_token"),
            (tokens.RefreshToken, "a refresh token"),
            (other.AccessToken, "a token for another API"),
            (own.AccessToken, "a token for userinfo"),
            (Forgeries.None(tokens.AccessToken!), "alg none"),
            (Forgeries.Hmac(tokens.AccessToken!, Encoding.UTF8.GetBytes(jwks)), "HS256 with the public keys"),
            (Forgeries.WithHeader(tokens.AccessToken!, "\"jku\":\"https://evil.example/jwks\""), "a key of the attacker's"),
            (tokens.AccessToken![..^4] + "AAAA", "another signature"),
        })
        {
            (await GetAsync(api, token)).Status.ShouldBe(HttpStatusCode.Unauthorized, why);
        }

        var machine = await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "notes.read notes.write" });
        (await PostAsync(api, machine.AccessToken!)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task It_refuses_an_id_token_even_if_that_is_for_it()
    {
        await using var world = await StartAsync(TimeSpan.Zero);
        var client = await world.AddClientWithScopeAsync("openid notes.read");
        await using var api = await SampleProcess.StartAsync(
            world.Server.Address, FreePort.Find(), Cancel, "Api", new Dictionary<string, string> { ["Resource"] = client.Id });
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid notes.read"));

        tokens.IdTokenClaims.GetProperty("aud").GetString().ShouldBe(client.Id);
        var answer = await GetAsync(api, tokens.IdToken);

        answer.Status.ShouldBe(HttpStatusCode.Unauthorized, "the wrong type");
    }

    [Fact]
    public async Task It_refuses_a_token_that_has_expired()
    {
        await using var world = await StartAsync(TimeSpan.FromMinutes(16));
        await using var api = await SampleProcess.StartAsync(world.Server.Address, FreePort.Find(), Cancel, "Api");
        var client = await world.AddClientWithScopeAsync("openid notes.read");

        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid notes.read"));

        var answer = await GetAsync(api, tokens.AccessToken);
        answer.Status.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Challenge.ShouldContain("expired");
    }

    private static Task<World> StartAsync(TimeSpan behind) => World.StartAsync(configure: setup => setup.Time = new FakeTimeProvider(DateTimeOffset.UtcNow - behind));

    private static async Task<(HttpStatusCode Status, string Body, string Challenge)> GetAsync(SampleProcess api, string? token)
    {
        using var http = new HttpClient { BaseAddress = api.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/notes");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel), answer.Headers.WwwAuthenticate.ToString());
    }

    private static async Task<HttpStatusCode> PostAsync(SampleProcess api, string token)
    {
        using var http = new HttpClient { BaseAddress = api.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/notes") { Content = new StringContent("""{"text":"Wind the clocks."}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}

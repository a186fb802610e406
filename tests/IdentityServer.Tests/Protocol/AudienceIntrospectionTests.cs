using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;
using static IdentityServer.Tests.Protocol.ResourceWorld;

namespace IdentityServer.Tests.Protocol;

/// <summary>RFC 7662 §4: a resource server learns of tokens for it, and of no others.</summary>
public sealed class AudienceIntrospectionTests
{
    [Fact]
    public async Task A_resource_server_learns_what_a_token_for_it_says()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var (client, api) = (await world.AddApiClientAsync(), await world.AddResourceServerAsync(NotesApi));
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, "openid email n.read"));

        var seen = await SeenAsync(api, tokens.AccessToken!);

        seen.GetProperty("active").GetBoolean().ShouldBeTrue();
        seen.GetProperty("sub").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
        seen.GetProperty("client_id").GetString().ShouldBe(client.Id);
        seen.GetProperty("aud").ToString().ShouldBe(NotesApi, "that it is also for userinfo concerns nobody else");
        seen.GetProperty("scope").GetString().ShouldBe("n.read");
        seen.GetProperty("auth_time").GetInt64().ShouldBe(tokens.IdTokenClaims.GetProperty("auth_time").GetInt64());
        seen.GetProperty("acr").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("acr").GetString());
        foreach (var claim in new[] { "email", "name", "sid" })
        {
            seen.TryGetProperty(claim, out _).ShouldBeFalse();
        }

        seen.EnumerateObject().ShouldAllBe(member => !member.Name.StartsWith("oi_"));
    }

    [Fact]
    public async Task A_token_that_is_not_for_the_resource_server_is_not_active()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var (notes, issuer) = (await world.AddResourceServerAsync(NotesApi), world.Server.Address.AbsoluteUri);
        var tokens = await client.ExchangeAsync(await world.CodeAsync(client, Everything, NotesApi, MailApi), ("resource", MailApi));
        var own = await client.RefreshForAsync(tokens.RefreshToken!, issuer);

        foreach (var token in new[] { tokens.AccessToken!, own.AccessToken!, own.RefreshToken!, tokens.IdToken! })
        {
            ShouldTellNothing(await SeenAsync(notes, token));
        }

        (await SeenAsync(client, tokens.AccessToken!)).GetProperty("active").GetBoolean().ShouldBeTrue("it is its own");
        var forNotes = await client.RefreshForAsync(own.RefreshToken!, NotesApi);
        (await SeenAsync(notes, forNotes.AccessToken!)).GetProperty("active").GetBoolean().ShouldBeTrue();
        await client.PostAsync("/connect/revoke", new() { ["token"] = forNotes.RefreshToken! });
        ShouldTellNothing(await SeenAsync(notes, forNotes.AccessToken!));
    }

    [Fact]
    public async Task Of_a_token_for_several_resources_each_server_learns_its_part()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        var (notes, mail) = (await world.AddResourceServerAsync(NotesApi), await world.AddResourceServerAsync(MailApi));
        using var http = world.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{client.Id}:{client.Secret}")));
        request.Content = new FormUrlEncodedContent(
            [new("grant_type", "client_credentials"), new("scope", "n.read m.read"), new("resource", NotesApi), new("resource", MailApi)]);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var token = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement
            .GetProperty("access_token").GetString()!;

        var (byNotes, byMail) = (await SeenAsync(notes, token), await SeenAsync(mail, token));

        (byNotes.GetProperty("aud").ToString(), byNotes.GetProperty("scope").GetString()).ShouldBe((NotesApi, "n.read"));
        (byMail.GetProperty("aud").ToString(), byMail.GetProperty("scope").GetString()).ShouldBe((MailApi, "m.read"));
    }

    [Fact]
    public async Task A_client_that_is_named_like_an_audience_does_not_stand_for_it()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var client = await world.AddApiClientAsync();
        const string Secret = "0123456789abcdefghijklmnopqrstuv";
        await world.RegisterAsync($$"""
            {"client_id":"{{MailApi}}","client_secret":"{{Secret}}","client_name":"Impostor","redirect_uris":["https://i.example/cb"],"token_endpoint_auth_method":"client_secret_post"}
            """);
        var impostor = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), MailApi, Secret, "client_secret_post");
        var answer = await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "m.read" });

        ShouldTellNothing(await SeenAsync(impostor, answer.AccessToken!));
    }

    [Fact]
    public async Task A_resource_server_gets_no_tokens()
    {
        await using var world = await World.StartAsync();
        await world.AddResourcesAsync();
        var api = await world.AddResourceServerAsync(NotesApi);

        (await api.TokenAsync(new() { ["grant_type"] = "client_credentials" })).AccessToken.ShouldBeNull();
        (await api.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "n.read" })).AccessToken.ShouldBeNull();
        (await world.OpenBrowser().GetAsync(api.Start())).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task<JsonElement> SeenAsync(RelyingParty client, string token)
    {
        var answer = await client.PostAsync("/connect/introspect", new() { ["token"] = token });
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        return answer.Json;
    }

    private static void ShouldTellNothing(JsonElement seen) =>
        seen.EnumerateObject().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            member => member.Name.ShouldBe("active"), member => member.Value.GetBoolean().ShouldBeFalse());
}

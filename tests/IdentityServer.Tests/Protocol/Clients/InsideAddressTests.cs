using System.Net;
using IdentityServer.Egress;
using IdentityServer.Tests.Egress;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Portal;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Clients;

/// <summary>Threat 27: addresses that a client registered, and that mean something behind our walls. Somebody listens there, and hears nothing.</summary>
public sealed class InsideAddressTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>By an address, by a name that resolves to one, and by another machine of our network.</summary>
    public static TheoryData<string> Hosts => ["127.0.0.1:{port}", "[::ffff:127.0.0.1]:{port}", "inside.example.com:{port}", "inside.example.com", "169.254.169.254", "db.example.com"];

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A17_A_request_uri_inside_is_never_asked_and_nobody_is_told_what_is_there(string host)
    {
        await using var scene = await Scene.OpenAsync();
        using var key = new SigningParty();
        var address = $"https://{scene.Fill(host)}/request.jwt?hush";
        var client = await scene.World.AddClientAsync(extra: $"\"jwks\":{key.Jwks},\"request_uris\":[\"{address}\"]");

        var answer = await scene.World.OpenBrowser().GetAsync(client.Start(("request_uri", address)));

        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        answer.Parameter("error").ShouldBe("invalid_request_uri");
        answer.Parameter("error_description").ShouldBe("The request object is refused. The address could not be read; the server's log has the reason.");
        scene.ShouldHaveAskedNobody();
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task T12_A_jwks_uri_inside_is_never_asked_and_nobody_is_told_what_is_there(string host)
    {
        await using var scene = await Scene.OpenAsync();
        using var key = new SigningParty();
        var id = $"publisher-{Guid.NewGuid():N}";
        await scene.World.RegisterAsync($$"""
            {"client_id":"{{id}}","client_name":"Publisher","token_endpoint_auth_method":"private_key_jwt",
             "jwks_uri":"https://{{scene.Fill(host)}}/keys?hush","grant_types":["client_credentials"]}
            """);
        using var http = scene.World.Server.CreateClient(cookies: false);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = key.Sign(SigningParty.Assertion(id, scene.World.Server.Address.GetLeftPart(UriPartial.Authority), scene.World.Clock.GetUtcNow())),
        });

        using var answer = await http.PostAsync("/connect/token", form, Cancel);

        var error = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        error.GetProperty("error").GetString().ShouldBe("invalid_client");
        error.GetProperty("error_description").GetString().ShouldBe(
            "The client assertion is refused. The client's jwks_uri could not be read; the server's log has the reason.");
        scene.ShouldHaveAskedNobody();
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A21_A_logo_inside_is_never_asked_for_and_nobody_is_told_what_is_there(string host)
    {
        await using var scene = await Scene.OpenAsync();
        var owner = await scene.World.AddPersonAsync();
        var address = new Uri($"https://{scene.Fill(host)}/logo.png?hush");
        var client = await scene.World.RegisterAsync(
            owner, $$"""{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"logo_uri":"{{address}}"}""");
        var (browser, page) = await scene.World.OpenPortalAsync(owner, client.PageOf("logo"));

        var answer = await browser.SendAsync(page, "handler=Take");

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Document.QuerySelectorAll("[role=alert] li").Select(problem => problem.TextContent).ShouldBe(
        [
            $"The picture at {address.IdnHost} is not taken, and nothing is changed. Upload the file instead.",
            "It could not be read. It must be at an https address of the open internet, as PNG, JPEG or WebP of at most 512 KB, without a redirect. The operator's log has the reason.",
        ]);
        scene.ShouldHaveAskedNobody();
    }

    /// <summary>A server, and a listener behind its walls that would answer by the name that it is called by.</summary>
    private sealed class Scene(ClientSite site, StagedNetwork network, World world) : IAsyncDisposable
    {
        public World World => world;

        public static async Task<Scene> OpenAsync()
        {
            var site = await ClientSite.StartAsync(ClientSite.Answer("{}"), ClientSite.SelfSigned("inside.example.com"));
            var network = new StagedNetwork();
            network.Name("inside.example.com", "127.0.0.1");
            network.Name("db.example.com", "10.0.0.5");
            network.Lead(IPAddress.Loopback, 443, site.Port);
            network.Lead(IPAddress.Parse("10.0.0.5"), 443, site.Port);
            network.Lead(IPAddress.Parse("169.254.169.254"), 443, site.Port);
            return new(site, network, await World.StartAsync(configure: setup => setup.Configure = builder =>
            {
                builder.Services.AddSingleton<IEgressNetwork>(network);
                builder.Services.AddSingleton(new EgressTrust(site.Roots));
            }));
        }

        public string Fill(string host) => host.Replace("{port}", $"{site.Port}", StringComparison.Ordinal);

        public void ShouldHaveAskedNobody()
        {
            network.Dialled.ShouldBeEmpty();
            site.Connections.ShouldBe(0);
        }

        public async ValueTask DisposeAsync()
        {
            await world.DisposeAsync();
            await site.DisposeAsync();
        }
    }
}

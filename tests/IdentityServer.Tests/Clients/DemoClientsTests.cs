using IdentityServer.Clients;
using IdentityServer.Settings;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

public sealed class DemoClientsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_first_start_in_development_brings_the_demo_clients_along()
    {
        await using var server = await TestServer.StartAsync();

        var web = await FindAsync(server, "demo-web");
        web.ShouldNotBeNull();
        web.FirstParty.ShouldBeFalse();
        web.AllowedScopes.ShouldContain("offline_access");
        web.RedirectUris.Select(uri => uri.Value).ShouldBe(["http://localhost:5090/signin-oidc"]);
    }

    [Fact]
    public async Task The_samples_without_a_secret_are_registered_where_they_listen()
    {
        await using var server = await TestServer.StartAsync();

        var page = (await FindAsync(server, "spa"))!;
        page.IsPublic.ShouldBeTrue();
        page.Metadata.PageOrigins.ShouldBe(["http://localhost:5091"]);
        page.PostLogoutRedirectUris.Select(uri => uri.Value).ShouldBe(page.RedirectUris.Select(uri => uri.Value));

        var native = (await FindAsync(server, "native"))!;
        native.IsPublic.ShouldBeTrue();
        native.Metadata.PageOrigins.ShouldBeEmpty();
        native.RedirectUris.Concat(native.PostLogoutRedirectUris).ShouldAllBe(uri => uri.Matches("http://127.0.0.1:4711/"));
    }

    [Fact]
    public async Task The_built_in_client_is_sent_back_to_wherever_the_server_listens()
    {
        await using var server = await TestServer.StartAsync();

        var tryIt = (await FindAsync(server, "try-it"))!;
        tryIt.IsPublic.ShouldBeTrue();
        tryIt.FirstParty.ShouldBeTrue();
        tryIt.RedirectUris.Select(uri => uri.Value).ShouldBe([new Uri(server.Address, "/try-it/callback").AbsoluteUri]);
    }

    [Fact]
    public async Task A_server_that_moved_sends_the_built_in_client_to_its_new_address()
    {
        await using var server = await TestServer.StartAsync();
        await using var moved = await server.StartAnotherNodeAsync();

        (await FindAsync(moved, "try-it"))!.RedirectUris.Select(uri => uri.Value).ShouldBe([new Uri(moved.Address, "/try-it/callback").AbsoluteUri]);
    }

    [Fact]
    public async Task A_demo_client_that_breaks_a_rule_stops_the_start_with_its_key()
    {
        var thrown = await Should.ThrowAsync<ConfigurationException>(() => TestServer.StartAsync(setup =>
        {
            setup.Settings["Demo:Clients:7:client_id"] = "bad";
            setup.Settings["Demo:Clients:7:redirect_uris:0"] = "http://shop.example/cb";
            setup.Settings["Demo:Clients:7:colour"] = "red";
            setup.Settings["Demo:Clients:7:require_pkce"] = "perhaps";
        }));

        thrown.Problems.Select(problem => problem.Key).ShouldBe(
            ["Demo:Clients:7:redirect_uris:0", "Demo:Clients:7:colour", "Demo:Clients:7:require_pkce"], ignoreOrder: true);
    }

    [Fact]
    public async Task Demo_clients_cannot_be_made_outside_development()
    {
        await using var server = await TestServer.StartAsync();
        var production = new Installation(new ProductOptions(), new Uri("https://id.example"), development: false, null!);

        Should.Throw<InvalidOperationException>(() => new DemoClients([], production, null!, server.Services.GetRequiredService<IServiceScopeFactory>(), null!));
    }

    private static async Task<ClientSettings?> FindAsync(TestServer server, string clientId) =>
        await server.Services.GetRequiredService<ClientCache>().FindSettingsAsync(clientId, Cancel);
}

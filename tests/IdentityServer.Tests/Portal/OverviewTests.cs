using System.Text.Json;
using IdentityServer.Portal;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>The first page of a client says what to paste, how it stands and what to do next.</summary>
public sealed class OverviewTests
{
    [Fact]
    public async Task It_shows_the_addresses_that_the_discovery_document_has()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf());

        var discovery = JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body).RootElement;

        page.Text("issuer").ShouldBe(discovery.GetProperty("issuer").GetString());
        page.Text("client-id").ShouldBe(client.ClientId);
        foreach (var endpoint in OverviewModel.Endpoints)
        {
            page.Text(endpoint.Member).ShouldBe(discovery.GetProperty(endpoint.Member).GetString(), endpoint.Member);
        }
    }

    [Fact]
    public async Task A_person_who_is_signed_in_finds_the_portal()
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenPortalAsync(await world.AddPersonAsync());

        foreach (var page in new[] { "/", "/account" })
        {
            (await browser.GetAsync(page)).Document.QuerySelector("a[href='/portal']").ShouldNotBeNull(page);
        }
    }
}

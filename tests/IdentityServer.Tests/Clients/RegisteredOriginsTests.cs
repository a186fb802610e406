using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

public sealed class RegisteredOriginsTests
{
    private const string Origin = "https://page.example";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private static ClientMetadata Page => new()
    {
        ClientId = "page",
        TokenEndpointAuthMethod = ClientAuthenticationMethods.None,
        RedirectUris = [$"{Origin}/cb", $"{Origin}/silent"],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Origins_come_change_and_go_with_the_client()
    {
        await using var node = await ClientsNode.StartAsync();
        (await ContainsAsync(node, Origin)).ShouldBeFalse();

        await node.RegisterAsync(Page);
        (await ContainsAsync(node, Origin)).ShouldBeTrue();

        await node.UpdateAsync(Page with { RedirectUris = [$"{Origin}/other", "https://new.example:8443/cb"] });
        (await ContainsAsync(node, Origin)).ShouldBeTrue();
        (await ContainsAsync(node, "https://new.example:8443")).ShouldBeTrue();

        await node.UpdateAsync(Page with { RedirectUris = ["https://new.example:8443/cb"] });
        (await ContainsAsync(node, Origin)).ShouldBeFalse();

        await node.WithManagerAsync(async manager =>
        {
            await manager.DeleteAsync((await manager.FindByClientIdAsync("page", Cancel))!, Cancel);
            return true;
        });
        (await ContainsAsync(node, "https://new.example:8443")).ShouldBeFalse();
        (await RowsAsync(node)).ShouldBe(0);
    }

    [Theory]
    [InlineData(ClientAuthenticationMethods.Basic, ClientApplicationTypes.Web)]
    [InlineData(ClientAuthenticationMethods.None, ClientApplicationTypes.Native)]
    public async Task A_client_that_stops_being_a_page_loses_its_origins(string method, string type)
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);

        (await node.UpdateAsync(Page with { TokenEndpointAuthMethod = method, ApplicationType = type })).ShouldBeOfType<UpdateOutcome.Updated>();

        (await ContainsAsync(node, Origin)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_origin_of_two_clients_stays_until_the_second_gives_it_up()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);
        await node.RegisterAsync(Page with { ClientId = "another" });

        await node.UpdateAsync(Page with { RedirectUris = ["https://elsewhere.example/cb"] });
        (await ContainsAsync(node, Origin)).ShouldBeTrue();

        await node.UpdateAsync(Page with { ClientId = "another", RedirectUris = ["https://elsewhere.example/cb"] });
        (await ContainsAsync(node, Origin)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_long_import_piles_up_no_rows()
    {
        await using var node = await ClientsNode.StartAsync();

        await node.InScopeAsync(async services =>
        {
            var registry = services.GetRequiredService<ClientRegistry>();
            await registry.RegisterAsync(Page, Cancel);
            await registry.UpdateAsync(Page with { RedirectUris = ["https://new.example/cb"] }, Cancel);
            services.GetRequiredService<IdentityServerDbContext>().ChangeTracker.Entries().ShouldBeEmpty();
            return true;
        });

        (await RowsAsync(node)).ShouldBe(1);
    }

    [Fact]
    public async Task Either_answer_costs_one_query_in_five_seconds_however_many_ask()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);
        var before = node.Queries.Count;

        (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ContainsAsync(node, Origin), Cancel)))).ShouldAllBe(known => known);
        (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => ContainsAsync(node, "https://stranger.example"), Cancel)))).ShouldAllBe(known => !known);

        node.Queries.Count.ShouldBe(before + 2);
    }

    [Fact]
    public async Task A_change_on_another_node_is_seen_within_five_seconds()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        await node.RegisterAsync(Page);
        (await ContainsAsync(other, Origin)).ShouldBeTrue();

        await node.UpdateAsync(Page with { RedirectUris = ["https://new.example/cb"] });
        other.Time.Advance(ClientCache.Freshness - Moment);
        (await ContainsAsync(other, Origin)).ShouldBeTrue("it has no way to know yet");

        other.Time.Advance(Moment);
        (await ContainsAsync(other, Origin)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_flood_of_invented_origins_makes_known_ones_be_read_again_and_nothing_worse()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);
        (await ContainsAsync(node, Origin)).ShouldBeTrue();
        for (var i = 0; i < 2_100; i++)
        {
            (await ContainsAsync(node, $"https://invented-{i}.example")).ShouldBeFalse();
        }

        var before = node.Queries.Count;
        (await ContainsAsync(node, Origin)).ShouldBeTrue();
        node.Queries.Count.ShouldBe(before + 1);
    }

    [Fact]
    public async Task What_no_browser_sends_is_asked_of_no_database()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);
        var before = node.Queries.Count;

        foreach (var text in (string[])["null", "*", $"{Origin}/", $"{Origin}:443", "https://PAGE.example", $"{Origin}\0", "https://" + new string('x', 300)])
        {
            (await ContainsAsync(node, text)).ShouldBeFalse(text);
        }

        node.Queries.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_reading_that_failed_is_tried_again()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(Page);
        await ExecuteAsync(node, "ALTER TABLE client_origins RENAME TO away");
        await Should.ThrowAsync<Exception>(() => ContainsAsync(node, Origin));

        await ExecuteAsync(node, "ALTER TABLE away RENAME TO client_origins");

        (await ContainsAsync(node, Origin)).ShouldBeTrue();
    }

    private static Task<bool> ContainsAsync(ClientsNode node, string origin) =>
        node.InScopeAsync(services => services.GetRequiredService<RegisteredOrigins>().ContainAsync(origin, Cancel).AsTask());

    private static Task<int> RowsAsync(ClientsNode node) =>
        node.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().ClientOrigins.CountAsync(Cancel));

    private static Task<int> ExecuteAsync(ClientsNode node, string sql) =>
        node.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Database.ExecuteSqlRawAsync(sql, Cancel));
}

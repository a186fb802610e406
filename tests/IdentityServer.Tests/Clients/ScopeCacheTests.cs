using System.Collections.Immutable;
using IdentityServer.Clients;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;

namespace IdentityServer.Tests.Clients;

public sealed class ScopeCacheTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scopes_are_read_once_whether_they_are_known_or_not()
    {
        await using var node = await ClientsNode.StartAsync();
        await RegisterAsync(node, "orders", "https://orders.example");
        (await FindAsync(node, "orders", "nonsense")).ShouldBe(["orders"]);
        var before = node.Queries.Count;

        (await FindAsync(node, "orders", "nonsense")).ShouldBe(["orders"]);
        (await ResourcesAsync(node, "orders")).ShouldBe(["https://orders.example"]);

        node.Queries.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_scope_registered_here_is_served_at_once_and_one_registered_elsewhere_within_five_seconds()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        (await FindAsync(node, "orders")).ShouldBeEmpty();

        await RegisterAsync(other, "orders", "https://orders.example");
        (await FindAsync(other, "orders")).ShouldBe(["orders"]);
        (await FindAsync(node, "orders")).ShouldBeEmpty();
        node.Time.Advance(ClientCache.Freshness);
        (await FindAsync(node, "orders")).ShouldBe(["orders"]);
    }

    [Fact]
    public async Task A_scope_that_was_found_can_be_changed_and_deleted_and_both_are_seen_at_once()
    {
        await using var node = await ClientsNode.StartAsync();
        await RegisterAsync(node, "orders", "https://orders.example");

        await node.InScopeAsync(async services =>
        {
            var manager = services.GetRequiredService<IOpenIddictScopeManager>();
            var scope = (await manager.FindByNameAsync("orders", Cancel))!;
            await manager.UpdateAsync(scope, new OpenIddictScopeDescriptor { Name = "orders", Resources = { "https://new.example" } }, Cancel);
            return true;
        });

        (await ResourcesAsync(node, "orders")).ShouldBe(["https://new.example"]);
        await node.InScopeAsync(async services =>
        {
            var manager = services.GetRequiredService<IOpenIddictScopeManager>();
            await manager.DeleteAsync((await manager.FindByNameAsync("orders", Cancel))!, Cancel);
            return true;
        });
        (await FindAsync(node, "orders")).ShouldBeEmpty();
    }

    private static Task<object> RegisterAsync(ClientsNode node, string name, string resource) => node.InScopeAsync(async services =>
        await services.GetRequiredService<IOpenIddictScopeManager>().CreateAsync(
            new OpenIddictScopeDescriptor { Name = name, Resources = { resource } }, Cancel));

    private static Task<List<string?>> FindAsync(ClientsNode node, params string[] names) => node.InScopeAsync(async services =>
    {
        var manager = services.GetRequiredService<IOpenIddictScopeManager>();
        var found = new List<string?>();
        await foreach (var scope in manager.FindByNamesAsync([.. names], Cancel))
        {
            found.Add(await manager.GetNameAsync(scope, Cancel));
        }

        return found;
    });

    private static Task<List<string>> ResourcesAsync(ClientsNode node, params string[] names) => node.InScopeAsync(async services =>
    {
        var found = new List<string>();
        await foreach (var resource in services.GetRequiredService<IOpenIddictScopeManager>().ListResourcesAsync(names.ToImmutableArray(), Cancel))
        {
            found.Add(resource);
        }

        return found;
    });
}

using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Tests.Clients;

public sealed class ClientCacheTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_token_request_asks_of_a_known_client_reads_nothing_from_the_database()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        await node.Cache.FindAsync("shop", Cancel);
        var before = node.Queries.Count;

        await node.InScopeAsync(async services =>
        {
            // Through OpenIddict's own door, as its handlers come.
            var manager = services.GetRequiredService<IOpenIddictApplicationManager>();
            var client = (await manager.FindByClientIdAsync("shop", Cancel))!;
            (await manager.HasClientTypeAsync(client, ClientTypes.Confidential, Cancel)).ShouldBeTrue();
            (await manager.ValidateClientSecretAsync(client, SomeClient.StrongSecret, Cancel)).ShouldBeTrue();
            (await manager.HasPermissionAsync(client, Permissions.Endpoints.Token, Cancel)).ShouldBeTrue();
            (await manager.HasPermissionAsync(client, Permissions.GrantTypes.ClientCredentials, Cancel)).ShouldBeFalse();
            (await manager.HasRequirementAsync(client, Requirements.Features.ProofKeyForCodeExchange, Cancel)).ShouldBeTrue();
            (await manager.ValidateRedirectUriAsync(client, "https://shop.example/cb", Cancel)).ShouldBeTrue();
            (await manager.ValidateRedirectUriAsync(client, "https://shop.example/cb/", Cancel)).ShouldBeFalse();
            (await manager.ValidatePostLogoutRedirectUriAsync(client, "https://shop.example/bye", Cancel)).ShouldBeTrue();
            (await manager.GetSettingsAsync(client, Cancel)).ShouldBeEmpty();
            (await manager.GetRedirectUrisAsync(client, Cancel)).ShouldBe(["https://shop.example/cb"]);
            (await manager.FindByIdAsync((await manager.GetIdAsync(client, Cancel))!, Cancel)).ShouldBeSameAs(client);
            return true;
        });

        node.Queries.Count.ShouldBe(before);
    }

    // PostgreSQL takes some of these for a fault of whoever asks.
    [Theory]
    [InlineData("")]
    [InlineData("sh\0op")]
    [InlineData("http://a/\0")]
    [InlineData("https://shop.example/\uD800")]
    [InlineData("https://shop.example/ bye")]
    [InlineData(2_001)]
    public async Task What_can_be_no_identifier_and_no_registered_address_is_asked_of_no_database(object given)
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var text = given as string ?? new string('x', (int)given);
        var before = node.Queries.Count;

        (await node.Cache.FindAsync(text, Cancel)).ShouldBeNull();
        IOpenIddictApplicationCache<Client> cache = node.Cache;
        (await cache.FindByRedirectUriAsync(text, Cancel).ToListAsync(Cancel)).ShouldBeEmpty();
        (await cache.FindByPostLogoutRedirectUriAsync(text, Cancel).ToListAsync(Cancel)).ShouldBeEmpty();

        node.Queries.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_change_made_here_is_seen_by_the_next_request()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        (await node.Cache.FindSettingsAsync("shop", Cancel))!.RequirePar.ShouldBeFalse();

        await node.UpdateAsync(SomeClient.Shop with { RequirePushedAuthorizationRequests = true });

        (await node.Cache.FindSettingsAsync("shop", Cancel))!.RequirePar.ShouldBeTrue();
        var client = await node.WithManagerAsync(async manager => await manager.FindByClientIdAsync("shop", Cancel));
        (await node.WithManagerAsync(async manager => await manager.HasRequirementAsync(client!, Requirements.Features.PushedAuthorizationRequests, Cancel)))
            .ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_made_by_another_node_is_seen_after_five_seconds_at_the_latest()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        await node.RegisterAsync(SomeClient.Shop);
        var id = (await node.Cache.FindSettingsAsync("shop", Cancel))!.Id;

        await other.UpdateAsync(SomeClient.Shop with { ClientName = "Shop II" });

        node.Time.Advance(ClientCache.Freshness - Moment);
        (await node.Cache.FindSettingsAsync("shop", Cancel))!.Name.ShouldBe("Shop");
        (await node.Cache.FindByKeyAsync(id, Cancel))!.Settings.Name.ShouldBe("Shop");
        node.Time.Advance(Moment);
        (await node.Cache.FindSettingsAsync("shop", Cancel))!.Name.ShouldBe("Shop II");
        (await node.Cache.FindByKeyAsync(id, Cancel))!.Settings.Name.ShouldBe("Shop II");
    }

    [Fact]
    public async Task A_client_deleted_by_another_node_is_gone_after_five_seconds_at_the_latest()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        await node.RegisterAsync(SomeClient.Shop);
        await node.Cache.FindAsync("shop", Cancel);

        await DeleteAsync(other);

        node.Time.Advance(ClientCache.Freshness);
        (await node.Cache.FindAsync("shop", Cancel)).ShouldBeNull();
        (await other.Cache.FindAsync("shop", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_client_deleted_here_is_gone_at_once()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        await node.Cache.FindAsync("shop", Cancel);

        await DeleteAsync(node);

        (await node.Cache.FindAsync("shop", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task An_unchanged_client_is_read_again_but_not_parsed_again()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var first = await node.Cache.FindAsync("shop", Cancel);
        var before = node.Queries.Count;

        node.Time.Advance(ClientCache.Freshness);

        (await node.Cache.FindAsync("shop", Cancel)).ShouldBeSameAs(first);
        (await node.Cache.FindByKeyAsync(first!.Settings.Id, Cancel)).ShouldBeSameAs(first);
        node.Queries.Count.ShouldBe(before + 2, "the row and its secrets");
    }

    [Fact]
    public async Task An_identifier_that_nobody_had_works_as_soon_as_another_node_has_registered_it()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        (await node.Cache.FindAsync("shop", Cancel)).ShouldBeNull();

        await other.RegisterAsync(SomeClient.Shop);

        (await node.Cache.FindAsync("shop", Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Requests_that_meet_at_a_missing_entry_read_the_row_once()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var before = node.Queries.Count;

        var found = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => node.Cache.FindAsync("shop", Cancel).AsTask()));

        found.Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        node.Queries.Count.ShouldBe(before + 2, "the row and its secrets");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_read_before_a_change_is_not_kept_after_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var held = node.Reads.HoldNext();
        var early = node.Cache.FindAsync("shop", cancel).AsTask();
        await held;

        await node.UpdateAsync(SomeClient.Shop with { ClientName = "Shop II" });

        // Somebody who asks now must not wait for the old row, and the old row must not stay.
        (await node.Cache.FindAsync("shop", cancel))!.Settings.Name.ShouldBe("Shop II");
        node.Reads.Release();
        (await early)!.Settings.Name.ShouldBe("Shop");
        (await node.Cache.FindAsync("shop", cancel))!.Settings.Name.ShouldBe("Shop II");
    }

    [Fact]
    public async Task A_client_that_is_not_committed_is_not_shown_to_anybody()
    {
        await using var node = await ClientsNode.StartAsync();

        await node.InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await services.GetRequiredService<ClientRegistry>().RegisterAsync(SomeClient.Shop, Cancel);
            (await node.Cache.FindAsync("shop", Cancel)).ShouldBeNull();
            await unit.RollbackAsync(Cancel);
            return true;
        });

        (await node.Cache.FindAsync("shop", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task The_shared_entity_never_changes_and_is_never_tracked()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var shared = (await node.Cache.FindAsync("shop", Cancel))!.Entity;

        await node.InScopeAsync(async services =>
        {
            var manager = services.GetRequiredService<ClientManager>();
            var descriptor = ClientDescriptor.From(SomeClient.Shop with { ClientName = "Changed", GrantTypes = ["authorization_code"], ResponseTypes = ["code"] });
            await manager.UpdateAsync(shared, descriptor, Cancel);
            await Should.ThrowAsync<InvalidOperationException>(async () => await manager.UpdateAsync(shared, Cancel));
            await Should.ThrowAsync<InvalidOperationException>(async () => await manager.PopulateAsync(shared, descriptor, Cancel));
            services.GetRequiredService<IdentityServerDbContext>().ChangeTracker.Entries<Client>().ShouldAllBe(entry => !ReferenceEquals(entry.Entity, shared));
            return true;
        });

        shared.DisplayName.ShouldBe("Shop");
        (await node.Cache.FindSettingsAsync("shop", Cancel))!.Metadata.ClientName.ShouldBe("Changed");
    }

    [Fact]
    public async Task A_client_is_found_by_where_it_may_send_people()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);

        (await ByPostLogoutUriAsync("https://shop.example/bye")).ShouldBe(["shop"]);
        (await ByPostLogoutUriAsync("https://shop.example/by")).ShouldBeEmpty(); // contained in the column, but not an entry of it
        (await ByPostLogoutUriAsync("%")).ShouldBeEmpty();

        Task<List<string?>> ByPostLogoutUriAsync(string uri) => node.WithManagerAsync(async manager =>
        {
            var found = new List<string?>();
            await foreach (var client in manager.FindByPostLogoutRedirectUriAsync(uri, Cancel))
            {
                found.Add(client.ClientId);
            }

            return found;
        });
    }

    [Fact]
    public async Task A_native_application_may_come_from_any_loopback_port()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(new ClientMetadata
        {
            ClientId = "app",
            ApplicationType = "native",
            TokenEndpointAuthMethod = "none",
            RedirectUris = ["http://127.0.0.1:1/cb"],
        });

        (await node.WithManagerAsync(async manager =>
            await manager.ValidateRedirectUriAsync((await manager.FindByClientIdAsync("app", Cancel))!, "http://127.0.0.1:50123/cb", Cancel))).ShouldBeTrue();
    }

    private static Task<bool> DeleteAsync(ClientsNode node) => node.WithManagerAsync(async manager =>
    {
        await manager.DeleteAsync((await manager.FindByClientIdAsync("shop", Cancel))!, Cancel);
        return true;
    });
}

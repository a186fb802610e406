using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

public sealed class ResourceRegistryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resource_becomes_what_its_description_says_and_the_same_again_writes_nothing()
    {
        await using var node = await ClientsNode.StartAsync();
        (await SaveAsync(node, """{"resource":"https://a.example","name":"A","scopes":[{"name":"a.read","description":"Read"},{"name":"a.old","description":"Old"}]}"""))
            .ShouldBeOfType<ResourceOutcome.Registered>();
        const string After =
            """{"resource":"https://a.example","name":"A2","scopes":[{"name":"a.new","description":"New"},{"name":"a.read","description":"Read all"}],"access_token_lifetime":60,"access_token_signing_alg":"RS256"}""";

        (await SaveAsync(node, After)).ShouldBeOfType<ResourceOutcome.Changed>();
        (await ListAsync(node)).ShouldBe([After]);
        (await SaveAsync(node, After)).ShouldBeOfType<ResourceOutcome.Unchanged>();

        var known = await DirectoryAsync(node);
        known.OfScope("a.old").ShouldBeNull();
        known.OfScope("a.new")!.Resource.ShouldBe("https://a.example");
        known.Find("https://a.example/").ShouldBeNull("it is compared character by character");
        (await node.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().AuditEvents.Select(told => told.Name).ToListAsync(Cancel)))
            .ShouldBe(["resource.registered", "resource.changed"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_scope_belongs_to_one_resource_and_the_server_itself_is_none()
    {
        await using var node = await ClientsNode.StartAsync();
        await SaveAsync(node, """{"resource":"https://a.example","name":"A","scopes":[{"name":"shared","description":"Read"}]}""");

        var taken = await SaveAsync(node, """{"resource":"https://b.example","name":"B","scopes":[{"name":"b","description":"B"},{"name":"shared","description":"Read"}]}""");
        var own = await SaveAsync(node, """{"resource":"https://id.example","name":"I","scopes":[{"name":"i","description":"I"}]}""");

        taken.ShouldBeOfType<ResourceOutcome.Refused>().Problems.ShouldHaveSingleItem().Field.ShouldBe("scopes[1].name");
        own.ShouldBeOfType<ResourceOutcome.Refused>().Problems.ShouldHaveSingleItem().Field.ShouldBe("resource");
        (await DirectoryAsync(node)).OfScope("b").ShouldBeNull("what is refused changes nothing");
        (await ListAsync(node)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_change_made_here_is_seen_at_once_and_one_made_elsewhere_within_five_seconds()
    {
        await using var node = await ClientsNode.StartAsync();
        await using var other = node.StartAnother();
        (await DirectoryAsync(node)).Find("https://a.example").ShouldBeNull();
        (await DirectoryAsync(other)).Find("https://a.example").ShouldBeNull();

        await SaveAsync(other, """{"resource":"https://a.example","name":"A","scopes":[{"name":"a","description":"A"}]}""");

        (await DirectoryAsync(other)).Find("https://a.example").ShouldNotBeNull();
        (await DirectoryAsync(node)).Find("https://a.example").ShouldBeNull();
        node.Time.Advance(ClientCache.Freshness);
        (await DirectoryAsync(node)).Find("https://a.example").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_client_that_introspects_what_is_not_registered_is_taken_with_a_notice()
    {
        await using var node = await ClientsNode.StartAsync();
        using var line = JsonDocument.Parse("""{"client_id":"api","introspects":["https://a.example"]}""");

        var created = await node.InScopeAsync(services => services.GetRequiredService<ClientImport>().ImportAsync(line.RootElement, Cancel));

        created.ShouldBeOfType<ImportVerdict.Created>().Notices.ShouldHaveSingleItem().Field.ShouldBe("introspects");
    }

    [Fact]
    public async Task A_first_start_in_development_brings_the_demo_resource_along_and_a_broken_one_stops_the_start_with_its_key()
    {
        await using var server = await TestServer.StartAsync();
        var known = await server.Services.GetRequiredService<ScopeCache>().ResourcesAsync(Cancel);
        known.OfScope("notes.read")!.Resource.ShouldBe("https://notes.example.com");

        var thrown = await Should.ThrowAsync<ConfigurationException>(() => TestServer.StartAsync(setup =>
        {
            setup.Settings["Demo:Resources:7:resource"] = "https://x.example#part";
            setup.Settings["Demo:Resources:7:name"] = "X";
            setup.Settings["Demo:Resources:7:scopes:0:name"] = "openid";
            setup.Settings["Demo:Resources:7:scopes:0:description"] = "X";
        }));
        thrown.Problems.Select(problem => problem.Key).ShouldBe(["Demo:Resources:7:resource", "Demo:Resources:7:scopes:0:name"], ignoreOrder: true);
    }

    private static Task<ResourceOutcome> SaveAsync(ClientsNode node, string line) => node.InScopeAsync(services =>
        services.GetRequiredService<ResourceRegistry>().SaveAsync(
            ResourceMetadata.Parse(JsonDocument.Parse(line).RootElement).ShouldBeOfType<ResourceMetadataVerdict.Accepted>().Metadata, Cancel));

    private static Task<string[]> ListAsync(ClientsNode node) => node.InScopeAsync(async services =>
        (await services.GetRequiredService<ResourceRegistry>().ListAsync(Cancel)).Select(resource => resource.ToJson()).ToArray());

    private static Task<ResourceDirectory> DirectoryAsync(ClientsNode node) => node.InScopeAsync(services =>
        services.GetRequiredService<ScopeCache>().ResourcesAsync(Cancel).AsTask());
}

using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

/// <summary>What every installation has registered, and nobody else may.</summary>
public sealed class BuiltInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_nodes_that_start_at_once_register_them_once(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql, setup => setup.Settings["Issuer"] = "http://id.example.test:5080");
        await world.ReadAsync(async db => await db.Clients.ExecuteDeleteAsync(Cancel) + await db.Scopes.ExecuteDeleteAsync(Cancel) + await db.Resources.ExecuteDeleteAsync(Cancel));
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => world.Server.StartAnotherNodeAsync()));
        (await world.ReadAsync(db => db.Clients.CountAsync(client => client.ClientId == "idsrv-cli", Cancel))).ShouldBe(1);
        (await world.ReadAsync(db => ApisAsync(db))).ShouldBe(["http://id.example.test:5080/api/v1"]);
        (await world.ReadAsync(db => db.Scopes.CountAsync(scope => scope.Name!.StartsWith("clients."), Cancel))).ShouldBe(4);
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_start_under_another_issuer_moves_the_api_there()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Issuer"] = "http://one.example.test:5080");
        await using var node = await world.Server.StartAnotherNodeAsync(setup => setup.Settings["Issuer"] = "http://two.example.test:5080");
        (await world.ReadAsync(db => ApisAsync(db))).ShouldBe(["http://two.example.test:5080/api/v1"]);
        (await world.ReadAsync(db => db.Scopes.Where(scope => scope.Name!.StartsWith("clients.")).Select(scope => scope.Resources).Distinct().ToListAsync(Cancel))).ShouldBe(["[\"http://two.example.test:5080/api/v1\"]"]);
    }

    [Fact]
    public async Task What_was_bent_is_straightened_at_the_next_start()
    {
        await using var world = await World.StartAsync();
        await world.ReadAsync(db => db.Scopes.Where(scope => scope.Name == "clients.read").ExecuteDeleteAsync(Cancel));
        await world.ReadAsync(db => db.Clients.Where(client => client.ClientId == "idsrv-cli").ExecuteDeleteAsync(Cancel));
        await world.Server.RestartAsync();
        (await world.ReadAsync(db => db.Scopes.CountAsync(scope => scope.Name == "clients.read", Cancel))).ShouldBe(1);
        (await world.ReadAsync(db => db.Clients.CountAsync(client => client.ClientId == "idsrv-cli", Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_imports_registers_or_changes_what_is_the_servers_own()
    {
        await using var world = await World.StartAsync();
        await world.Server.InScopeAsync(async services =>
        {
            var (registry, resources) = (services.GetRequiredService<ClientRegistry>(), services.GetRequiredService<ResourceRegistry>());
            var mine = (await registry.ReadAsync(BuiltIns.CommandLineId, Cancel))! with { ClientName = "Mine" };
            (await registry.UpdateAsync(mine, Cancel)).ShouldBeOfType<UpdateOutcome.Refused>();
            (await registry.RegisterAsync(mine, Cancel)).ShouldBeOfType<RegisterOutcome.Refused>();
            var line = JsonDocument.Parse("""{"client_id":"idsrv-cli","client_name":"Mine","redirect_uris":["https://mine.example.com/"]}""").RootElement;
            (await services.GetRequiredService<ClientImport>().ImportAsync(line, Cancel)).ShouldBeOfType<ImportVerdict.Refused>();

            var theirs = new ResourceMetadata { Resource = "https://api.example.com", Name = "Mine", Scopes = [new("clients.read", "Read")] };
            (await resources.SaveAsync(theirs, Cancel)).ShouldBeOfType<ResourceOutcome.Refused>().Problems[0].Field.ShouldBe("scopes[0].name");
            var api = theirs with { Resource = BuiltIns.ApiOf(world.Server.Address), Scopes = [new("mine", "Mine")] };
            (await resources.SaveAsync(api, Cancel)).ShouldBeOfType<ResourceOutcome.Refused>().Problems[0].Field.ShouldBe("resource");
            return true;
        });
    }

    private static Task<List<string>> ApisAsync(IdentityServerDbContext db) =>
        db.Resources.Select(resource => resource.Id).Where(resource => resource.EndsWith("/api/v1")).ToListAsync(Cancel);
}

using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

public sealed class ClientImportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"client_id":"shop","client_secret":"secret","redirect_uris":["https://shop.example/cb"]}""")]
    [InlineData("""{"client_id":"shop","redirect_uris":["https://shop.example/cb"]}""")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example/cb"],"scope":"openid offline_access"}""")]
    [InlineData("""{"client_name":"Job","grant_types":["client_credentials"]}""")]
    [InlineData("""{"redirect_uris":["https://spa.example/"],"token_endpoint_auth_method":"none"}""")]
    public async Task The_same_line_twice_makes_one_client(string line)
    {
        await using var node = await ClientsNode.StartAsync();

        var created = (await ImportAsync(node, line)).ShouldBeOfType<ImportVerdict.Created>();
        var rows = await RowsAsync(node);

        (await ImportAsync(node, line)).ShouldBeOfType<ImportVerdict.Unchanged>().ClientId.ShouldBe(created.ClientId);
        (await RowsAsync(node)).ShouldBe(rows);
        rows.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Only_what_was_made_here_is_handed_out()
    {
        await using var node = await ClientsNode.StartAsync();

        var brought = await ImportAsync(
            node, """{"client_id":"a","client_secret":"0123456789abcdefghijklmnopqrstuv","redirect_uris":["https://a.example/"]}""");
        var made = await ImportAsync(node, """{"client_name":"B","redirect_uris":["https://b.example/"]}""");
        var open = await ImportAsync(node, """{"client_id":"c","token_endpoint_auth_method":"none","redirect_uris":["https://c.example/"]}""");

        brought.ShouldBeOfType<ImportVerdict.Created>().ShouldSatisfyAllConditions(
            created => created.IdGenerated.ShouldBeFalse(), created => created.GeneratedSecret.ShouldBeNull(), created => created.Notices.ShouldBeEmpty());
        made.ShouldBeOfType<ImportVerdict.Created>().ShouldSatisfyAllConditions(
            created => created.IdGenerated.ShouldBeTrue(), created => created.GeneratedSecret.ShouldNotBeNull());
        open.ShouldBeOfType<ImportVerdict.Created>().GeneratedSecret.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"client_id":"shop","client_secret":"secret","redirect_uris":["https://shop.example/other"]}""", "redirect_uris")]
    [InlineData("""{"client_id":"shop","client_secret":"Secret","redirect_uris":["https://shop.example/cb"]}""", "client_secret")]
    [InlineData("""{"client_id":"shop","token_endpoint_auth_method":"none","redirect_uris":["https://shop.example/cb"]}""", "token_endpoint_auth_method")]
    public async Task A_line_that_would_change_a_client_is_refused_and_says_what_differs(string line, string differing)
    {
        await using var node = await ClientsNode.StartAsync();
        await ImportAsync(node, """{"client_id":"shop","client_secret":"secret","redirect_uris":["https://shop.example/cb"]}""");
        var rows = await RowsAsync(node);

        var refused = (await ImportAsync(node, line)).ShouldBeOfType<ImportVerdict.Refused>();

        refused.Problems.ShouldHaveSingleItem().Rule.ShouldEndWith($"another {differing}");
        (await RowsAsync(node)).ShouldBe(rows);
    }

    [Fact]
    public async Task A_line_with_nothing_to_recognise_it_by_is_refused()
    {
        await using var node = await ClientsNode.StartAsync();

        (await ImportAsync(node, """{"grant_types":["client_credentials"]}""")).ShouldBeOfType<ImportVerdict.Refused>()
            .Problems.ShouldHaveSingleItem().Field.ShouldBe("client_id");
    }

    [Fact]
    public async Task A_bad_line_is_refused_with_all_its_problems()
    {
        await using var node = await ClientsNode.StartAsync();

        (await ImportAsync(node, """{"client_id":"shop","grant_types":["implicit"],"colour":1}""")).ShouldBeOfType<ImportVerdict.Refused>()
            .Problems.Select(problem => problem.Field).ShouldBe(["grant_types[0]", "colour"], ignoreOrder: true);
        (await RowsAsync(node)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Weak_secrets_and_scopes_that_are_not_served_are_taken_with_a_notice()
    {
        await using var node = await ClientsNode.StartAsync();

        var created = (await ImportAsync(
            node, """{"client_id":"shop","client_secret":"secret","scope":"openid orders","redirect_uris":["https://shop.example/cb"]}"""))
            .ShouldBeOfType<ImportVerdict.Created>();

        created.Notices.Select(notice => notice.Field).ShouldBe(["client_secret", "scope"]);
    }

    private static async Task<ImportVerdict> ImportAsync(ClientsNode node, string line)
    {
        using var document = JsonDocument.Parse(line);
        return await node.InScopeAsync(services => services.GetRequiredService<ClientImport>().ImportAsync(document.RootElement, Cancel));
    }

    private static Task<List<string>> RowsAsync(ClientsNode node) => node.InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().Clients
            .Select(client => client.ClientId + " " + client.ConcurrencyToken + " " + client.Secrets.Count).ToListAsync(Cancel));
}

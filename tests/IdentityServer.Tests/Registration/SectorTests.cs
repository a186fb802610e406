using System.Net;
using IdentityServer.Clients;
using IdentityServer.Egress;
using IdentityServer.Tests.Egress;
using IdentityServer.Tests.Maintenance;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Registration;

/// <summary>R4: whose subjects a client may see is said by the document of the sector, and nobody else.</summary>
public sealed class SectorTests
{
    private const string Sector = $"https://{ClientSite.Host}/sector.json";
    private const string Pairwise =
        $$"""{"client_name":"Shop","subject_type":"pairwise","sector_identifier_uri":"{{Sector}}","redirect_uris":["https://one.example.com/cb","https://two.example.com/cb"]}""";

    private const string Fine = """["https://two.example.com/cb","https://three.example.com/cb","https://one.example.com/cb"]""";

    [Fact]
    public async Task R4_A_document_that_lists_every_redirect_URI_makes_a_sector()
    {
        await using var site = await ClientSite.StartAsync(ClientSite.Answer(Fine));
        await using var stage = await RegistrationStage.OpenAsync(configure: setup => setup.Configure = Lead(site));

        var registered = await stage.RegisterAsync(Pairwise);

        (registered.Text("subject_type"), registered.Text("sector_identifier_uri")).ShouldBe(("pairwise", Sector));
        site.Requests.ShouldBe(1);
    }

    [Theory]
    [InlineData("""["https://one.example.com/cb"]""", "application/json", 200, "does not list https://two.example.com/cb")]
    [InlineData("""["https://one.example.com/cb","https://two.example.com/CB"]""", "application/json", 200, "does not list https://two.example.com/cb")]
    [InlineData("""{"redirect_uris":["https://one.example.com/cb","https://two.example.com/cb"]}""", "application/json", 200, "not a JSON list of strings")]
    [InlineData("""["https://one.example.com/cb","https://two.example.com/cb",null]""", "application/json", 200, "not a JSON list of strings")]
    [InlineData("""["https://one.example.com/cb","https://two.example.com/cb",["x"]]""", "application/json", 200, "not a JSON list of strings")]
    [InlineData("""["https://one.example.com/cb","https://two.example.com/cb","\ud800"]""", "application/json", 200, "not a JSON list of strings")]
    [InlineData("[", "application/json", 200, "not a JSON list of strings")]
    [InlineData(Fine, "text/html", 200, "could not be read")]
    [InlineData(Fine, "application/json", 404, "could not be read")]
    public async Task R4_Any_other_document_makes_none_and_spends_nothing(string body, string type, int status, string reason)
    {
        var answer = ClientSite.Answer(body, type, status);
        await using var site = await ClientSite.StartAsync(context => answer(context));
        await using var stage = await RegistrationStage.OpenAsync(configure: setup => setup.Configure = Lead(site));
        var token = await stage.TokenAsync(uses: 1);

        var refused = await stage.PostAsync(token, Pairwise);

        (refused.Status, refused.Error, refused.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "invalid_client_metadata", "sector_identifier_uri"));
        refused.Text("error_description")!.ShouldContain(reason);
        answer = ClientSite.Answer(Fine);
        stage.World.Clock.Advance(TimeSpan.FromSeconds(6)); // nobody has us ask an address again and again
        (await stage.PostAsync(token, Pairwise)).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::1]/sector.json")]
    [InlineData("https://127.0.0.1/sector.json")]
    [InlineData("https://inside.example.com/sector.json")]
    public async Task R4_A_sector_inside_our_own_walls_is_never_asked(string address)
    {
        await using var site = await ClientSite.StartAsync(ClientSite.Answer(Fine));
        var network = new StagedNetwork();
        network.Name("inside.example.com", "10.0.0.5");
        await using var stage = await RegistrationStage.OpenAsync(configure: setup => setup.Configure = builder =>
        {
            builder.Services.AddSingleton<IEgressNetwork>(network);
            builder.Services.AddSingleton(new EgressTrust(site.Roots));
        });

        var refused = await stage.RefusedAsync(Pairwise.Replace(Sector, address, StringComparison.Ordinal));

        refused.Fields.ShouldBe(["sector_identifier_uri"]);
        network.Dialled.ShouldBeEmpty();
    }

    [Fact]
    public async Task R4_Several_hosts_need_a_document_and_one_host_is_a_sector_by_itself()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        (await stage.RefusedAsync("""{"subject_type":"pairwise","redirect_uris":["https://one.example.com/cb","https://two.example.com/cb"]}""")).Fields.ShouldBe(["sector_identifier_uri"]);
        (await stage.RegisterAsync("""{"subject_type":"pairwise","redirect_uris":["https://one.example.com/cb","https://one.example.com/cb2"]}""")).Text("subject_type").ShouldBe("pairwise");
    }

    [Fact]
    public async Task R4_A_change_is_held_to_the_document_as_well()
    {
        await using var site = await ClientSite.StartAsync(ClientSite.Answer(Fine));
        await using var stage = await RegistrationStage.OpenAsync(configure: setup => setup.Configure = Lead(site));
        var registered = await stage.RegisterAsync(Pairwise);

        var moved = await stage.ChangeAsync(registered, Pairwise.Replace("https://one.example.com/cb", "https://evil.example/cb", StringComparison.Ordinal));

        (moved.Status, moved.Fields.ShouldHaveSingleItem()).ShouldBe((HttpStatusCode.BadRequest, "sector_identifier_uri"));
        (await stage.ReadAsync(registered)).Json.GetProperty("redirect_uris")[0].GetString().ShouldBe("https://one.example.com/cb");
    }

    [Fact]
    public async Task R4_An_import_is_held_to_the_document_as_well()
    {
        var body = """["https://one.example.com/cb"]""";
        await using var site = await ClientSite.StartAsync(context => ClientSite.Answer(body)(context));
        using var installation = new VerbRun { Configure = Lead(site) };
        var file = installation.Write("clients.jsonl", Pairwise, """{"client_name":"Plain","redirect_uris":["https://plain.example.com/cb"]}""");

        var refused = await installation.RunAsync("clients", "import", file);
        body = Fine;
        var taken = await installation.RunAsync("clients", "import", file);
        body = "gone";
        var again = await installation.RunAsync("clients", "import", file);

        (refused.ExitCode, taken.ExitCode, again.ExitCode).ShouldBe((1, 0, 0));
        refused.Error.ShouldContain("line 1: sector_identifier_uri names a document that does not list https://two.example.com/cb.");
        refused.Out.ShouldContain("Clients: 1 added, 0 already there, 1 refused.");
        taken.Out.ShouldContain("Clients: 1 added, 1 already there, 0 refused.");
        again.Out.ShouldContain("Clients: 0 added, 2 already there, 0 refused.");
    }

    [Fact]
    public void R4_A_document_may_be_empty_of_what_nobody_needs() =>
        ClientDocuments.ProblemOf("[]"u8.ToArray(), []).ShouldBeNull();

    private static Action<WebApplicationBuilder> Lead(ClientSite site) => builder =>
    {
        var network = new StagedNetwork();
        network.Name(ClientSite.Host, StagedNetwork.Public.ToString());
        network.Lead(StagedNetwork.Public, 443, site.Port);
        builder.Services.AddSingleton<IEgressNetwork>(network);
        builder.Services.AddSingleton(new EgressTrust(site.Roots));
    };
}

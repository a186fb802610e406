using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Api;
using IdentityServer.Tests.CommandLine;
using IdentityServer.Tests.Documentation;
using IdentityServer.Tests.Maintenance;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Newcomer;

/// <summary>
/// From nothing to a person who is signed in to samples/WebClient, by each way in which a client can be registered: four ways, one result.
/// What each costs is counted in steps, and stands in the quickstart.
/// </summary>
public sealed partial class FourPathsTests
{
    private const string WriteVariable = "IDENTITYSERVER_WRITE_DOCS";

    // What was counted when each way was walked first. More is a worse product.
    private static readonly Dictionary<string, int> _most = new() { ["Portal"] = 9, ["Command line"] = 8, ["Management API"] = 9, ["Dynamic registration"] = 8 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_ways_lead_to_the_same_signed_in_person_in_as_many_steps_as_the_quickstart_says()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Time = null); // the application and the tool know no other time
        var rows = new List<string>();
        foreach (var (name, register) in new (string, Func<World, Visitor, string, Task<(string Id, string Secret)>>)[]
        {
            ("Portal", ThroughThePortalAsync),
            ("Command line", ThroughTheToolAsync),
            ("Management API", ThroughTheApiAsync),
            ("Dynamic registration", ByRegisteringItselfAsync),
        })
        {
            using var newcomer = await Visitor.ArriveAsync(world);
            var port = FreePort.Find();
            var redirect = $"http://localhost:{port}/signin-oidc";
            var (id, secret) = await register(world, newcomer, redirect);
            await using var app = await newcomer.TypeAsync(() => SampleProcess.StartNewAsync(world.Server.Address, port, id, secret, Cancel));
            await SignInToAsync(app, newcomer);

            newcomer.Page.QuerySelector("h1")!.TextContent.ShouldBe("Signed in", name);
            newcomer.Page.Body!.TextContent.ShouldContain((await world.UserAsync(newcomer.Email)).Id.ToString(), customMessage: name);
            var client = (await world.WithAsync<ClientRegistry, ClientMetadata?>(registry => registry.ReadAsync(id, Cancel)))!;
            (ClientKinds.Of(client), client.ClientName, client.TokenEndpointAuthMethod, client.Verified, string.Join(' ', client.RedirectUris))
                .ShouldBe((ClientKind.WebServer, "My app", "client_secret_basic", false, redirect), name);
            newcomer.Steps.Count.ShouldBeLessThanOrEqualTo(_most[name], name);
            rows.Add($"| {name} | {string.Join(" | ", Enum.GetValues<Step>().Select(newcomer.Count))} | {newcomer.Steps.Count} |");
        }

        var table = string.Join('\n', rows);
        TestContext.Current.TestOutputHelper?.WriteLine(table);
        await KeepInQuickstartAsync(table);
    }

    private static async Task<(string Id, string Secret)> ThroughThePortalAsync(World world, Visitor newcomer, string redirect)
    {
        await newcomer.OpenAsync(new(world.Server.Address, "/portal"));
        await newcomer.SignInAsync();
        await newcomer.FollowLinkAsync("/portal/new");
        await newcomer.SendAsync(("kind", "web-server"), ("Name", "My app"), ("RedirectUris", redirect));
        return (newcomer.Page.GetElementById("client-id")!.TextContent, newcomer.Page.GetElementById("client-secret")!.TextContent);
    }

    private static async Task<(string Id, string Secret)> ThroughTheToolAsync(World world, Visitor newcomer, string redirect)
    {
        using var tool = new ToolRun();
        var login = await newcomer.TypeAsync(() => Login.RunAsync(tool, world, async (_, address) =>
        {
            await newcomer.BeShownAsync(address);
            return (await newcomer.SignInAsync()).ShouldNotBeNull();
        }));
        login.ExitCode.ShouldBe(0, login.Error);
        var made = await newcomer.TypeAsync(() => tool.RunAsync("clients", "create", "--name", "My app", "--kind", "web-server", "--redirect-uri", redirect, "--json"));
        made.ExitCode.ShouldBe(0, made.Error);
        return Credentials(made.Json);
    }

    private static async Task<(string Id, string Secret)> ThroughTheApiAsync(World world, Visitor newcomer, string redirect)
    {
        const string loopback = "http://127.0.0.1:7890/";
        var stage = new ApiStage(world);
        var tool = stage.CommandLine();
        await newcomer.OpenAsync(new(world.Server.Address, tool.Start(("redirect_uri", loopback), ("scope", "openid clients.write"))));
        var back = (await newcomer.SignInAsync()).ShouldNotBeNull();
        var code = System.Web.HttpUtility.ParseQueryString(back.Query)["code"]!;
        var tokens = await newcomer.RequestAsync(() => tool.ExchangeAsync(code, ("redirect_uri", loopback)));
        var made = await newcomer.RequestAsync(() => stage.With(tokens.AccessToken!).PostAsync(
            "/clients", new { kind = "web-server", client_name = "My app", redirect_uris = new[] { redirect } }));
        return Credentials(made.Json);
    }

    private static async Task<(string Id, string Secret)> ByRegisteringItselfAsync(World world, Visitor newcomer, string redirect)
    {
        using var verbs = VerbRun.Beside(world.Server);
        var token = await newcomer.TypeAsync(() => verbs.RunAsync("registration-tokens", "create", "--label", "My app"));
        token.ExitCode.ShouldBe(0, token.Error);
        using var http = world.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/register")
        {
            Content = new StringContent($$"""
                {"client_name":"My app","redirect_uris":["{{redirect}}"],"grant_types":["authorization_code","refresh_token"],
                 "scope":"openid profile email offline_access"}
                """, System.Text.Encoding.UTF8, "application/json"),
            Headers = { Authorization = new("Bearer", token.Out.Trim()) },
        };
        using var answer = await newcomer.RequestAsync(() => http.SendAsync(request, Cancel));
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue(body);
        return Credentials(JsonDocument.Parse(body).RootElement);
    }

    // Whoever was at the server before is signed in there already; everybody is asked for consent.
    private static async Task SignInToAsync(SampleProcess app, Visitor newcomer)
    {
        await newcomer.OpenAsync(new(app.Address, "/Account"));
        if (newcomer.Page.QuerySelector("[name=Password]") is not null)
        {
            await newcomer.SignInAsync();
        }

        await newcomer.SendAsync(("Answer", "allow"));
    }

    private static (string Id, string Secret) Credentials(JsonElement made) =>
        (made.GetProperty("client_id").GetString()!, made.GetProperty("client_secret").GetString()!);

    private static async Task KeepInQuickstartAsync(string table)
    {
        var quickstart = Document.All.Single(document => document.Name == "quickstart.md");
        var expected = Table().Replace(quickstart.Text, match => match.Groups["head"].Value + table + "\n");
        Table().IsMatch(quickstart.Text).ShouldBeTrue();
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            await File.WriteAllTextAsync(quickstart.Path, expected, Cancel);
            return;
        }

        quickstart.Text.ShouldBe(expected, $"Set {WriteVariable}=1 to write the table anew.");
    }

    [GeneratedRegex(@"(?<head>\| way \|[^\n]*\n\|[ |-]*\n)(?<rows>(\|[^\n]*\n)*)")]
    private static partial Regex Table();
}

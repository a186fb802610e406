using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Cli.Doctor;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.CommandLine;

/// <summary>The doctor: finds nothing where nothing is, and each mistake where one is.</summary>
public sealed partial class DoctorTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Uri Server => stage.World.Server.Address;

    [Fact]
    public async Task A_client_that_works_is_signed_in_to_and_nothing_is_left_behind()
    {
        using var application = new TcpListener(IPAddress.Loopback, 0);
        application.Start();
        var redirectUri = $"http://127.0.0.1:{((IPEndPoint)application.LocalEndpoint).Port}/callback";
        var (clientId, _) = await stage.RegisterAsync("single-page", "--redirect-uri", redirectUri);

        var scripts = await stage.Tool.RunAsync("clients", "doctor", clientId, "--json");
        var people = await stage.Tool.RunAsync("clients", "doctor", clientId);

        people.ExitCode.ShouldBe(0, people.Out + people.Error);
        people.Out.ShouldEndWith("\nNothing keeps anybody out.\n");
        scripts.ExitCode.ShouldBe(0, scripts.Out);
        scripts.Error.ShouldBeEmpty();
        Snapshot.ShouldMatch("CommandLine/Snapshots/doctor.json", Known(scripts.Out, clientId, redirectUri));
        (await TestUsersAsync(clientId)).ShouldBe(0);
        application.Pending().ShouldBeTrue(); // a connection, which the redirect URI's check made
    }

    [Fact]
    public async Task With_its_secret_a_web_server_gets_as_far_as_userinfo()
    {
        var (clientId, secret) = await stage.RegisterAsync("web-server");
        using var piped = Machine(input: secret + "\n");
        using var told = Machine();
        told.Variables["IDSRV_CLIENT_SECRET"] = secret!;

        var without = await DoctorAsync(stage.Tool, clientId);
        var byPipe = await DoctorAsync(piped, clientId, "--secret-stdin");
        var byVariable = await DoctorAsync(told, clientId);

        without.ExitCode.ShouldBe(0, without.Answer.Out);
        without.State("sign-in: redirect").ShouldBe("ok");
        without.State("sign-in: tokens").ShouldBe("skipped");
        without.Mend("sign-in: tokens").ShouldBe("Give it: --secret-stdin, or IDSRV_CLIENT_SECRET.");
        foreach (var visit in new[] { byPipe, byVariable })
        {
            visit.ExitCode.ShouldBe(0, visit.Answer.Out);
            visit.State("sign-in: tokens").ShouldBe("ok");
            visit.State("sign-in: id_token").ShouldBe("ok");
            visit.State("sign-in: userinfo").ShouldBe("ok");
            (visit.Answer.Out + visit.Answer.Error).ShouldNotContain(secret!);
        }
    }

    [Fact]
    public async Task A_wrong_secret_is_named_with_what_the_server_knows()
    {
        var (clientId, _) = await stage.RegisterAsync("web-server");
        using var tool = Machine(input: "not-the-secret-of-this-client-at-all-12345");

        var visit = await DoctorAsync(tool, clientId, "--secret-stdin");

        visit.ExitCode.ShouldBe(5);
        visit.State("sign-in: tokens").ShouldBe("problem");
        visit.Text("sign-in: tokens").ShouldStartWith("invalid_client");
        visit.Text("sign-in: tokens").ShouldContain("(secret_wrong: ");
        visit.Mend("sign-in: tokens").ShouldNotBeNullOrEmpty();
        (await TestUsersAsync(clientId)).ShouldBe(0);
    }

    // Of two clients that a person looks after, neither may be sent the other's secret.
    [Fact]
    public async Task The_secret_of_the_machine_that_runs_it_is_not_tried_on_another_client()
    {
        var (clientId, _) = await stage.RegisterAsync("web-server");
        var (machineId, secret) = await stage.RegisterAsync("machine", "--scope", "clients.read", "--scope", "clients.test-users");
        await InDatabaseAsync(async db =>
        {
            var rows = await db.Clients.Where(client => client.ClientId == clientId || client.ClientId == machineId).ToDictionaryAsync(client => client.ClientId!, client => client.Id!, Cancel);
            db.ClientAgents.Add(new() { ClientRowId = rows[clientId], AgentRowId = rows[machineId], AddedAt = DateTimeOffset.UtcNow });
            return await db.SaveChangesAsync(Cancel);
        });
        using var machine = new ToolRun
        {
            Variables = { ["IDSRV_SERVER"] = Server.AbsoluteUri, ["IDSRV_CLIENT_ID"] = machineId, ["IDSRV_CLIENT_SECRET"] = secret! },
        };

        var visit = await DoctorAsync(machine, clientId);

        visit.ExitCode.ShouldBe(0, visit.Answer.Out + visit.Answer.Error);
        visit.State("sign-in: redirect").ShouldBe("ok");
        visit.State("sign-in: tokens").ShouldBe("skipped");
    }

    [Theory]
    [InlineData(95, "95 s ahead of")]
    [InlineData(-95, "95 s behind")]
    public async Task A_clock_that_is_wrong_is_told_by_how_much(int seconds, string told)
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        using var tool = Machine();
        tool.Clock = new WrongClock(TimeSpan.FromSeconds(seconds));

        var visit = await DoctorAsync(tool, clientId);

        visit.ExitCode.ShouldBe(5);
        visit.State("clock").ShouldBe("problem");
        Regex.Replace(visit.Text("clock"), "9[3-7] s", "95 s").ShouldBe($"This machine's clock is {told} the server's.");
    }

    [Fact]
    public async Task A_client_whose_requests_must_be_pushed_has_them_pushed()
    {
        using var tool = Machine(input: """{"require_pushed_authorization_requests":true}""");
        var (clientId, _) = await stage.RegisterAsync("single-page");
        (await tool.RunAsync("clients", "update", clientId, "--metadata", "-")).ExitCode.ShouldBe(0);

        var visit = await DoctorAsync(stage.Tool, clientId);

        visit.ExitCode.ShouldBe(0, visit.Answer.Out);
        visit.State("sign-in: pushed").ShouldBe("ok");
        visit.State("sign-in: userinfo").ShouldBe("ok");
    }

    [Fact]
    public async Task A_machine_is_given_a_token_and_nobody_signed_in()
    {
        var (clientId, secret) = await stage.RegisterAsync("machine");
        using var tool = Machine(input: secret!);

        var visit = await DoctorAsync(tool, clientId, "--secret-stdin");

        visit.ExitCode.ShouldBe(0, visit.Answer.Out);
        visit.State("sign-in").ShouldBe("skipped");
        visit.State("client credentials").ShouldBe("ok");
    }

    [Fact]
    public async Task What_the_server_finds_wrong_with_the_registration_is_a_problem()
    {
        var clientId = $"broken-{Guid.NewGuid():N}";
        await stage.World.RegisterAsync($$"""
            {"client_id":"{{clientId}}","client_name":"Broken","redirect_uris":["https://shop.example.com/cb"],"token_endpoint_auth_method":"none",
             "grant_types":["authorization_code"],"scope":"openid nobody.serves.this"}
            """);
        await OwnAsync(clientId);

        var visit = await DoctorAsync(stage.Tool, clientId);

        visit.ExitCode.ShouldBe(5);
        visit.State("registered: scopes").ShouldBe("problem");
        visit.Text("registered: scopes").ShouldContain("nobody.serves.this");
        visit.State("sign-in: redirect").ShouldBe("ok");
    }

    [Fact]
    public async Task A_redirect_URI_at_which_nothing_listens_is_worth_a_look()
    {
        var redirectUri = $"http://127.0.0.1:{FreePort.Find()}/cb";
        var (clientId, _) = await stage.RegisterAsync("web-server", "--redirect-uri", redirectUri);

        var visit = await DoctorAsync(stage.Tool, clientId);

        visit.ExitCode.ShouldBe(0, visit.Answer.Out);
        visit.State("redirect-uri").ShouldBe("note");
        visit.Mend("redirect-uri").ShouldBe("Start your application, if it is to run here.");
    }

    [Fact]
    public async Task A_preflight_that_is_not_answered_is_a_problem()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var context = new ToolContext(new(TextReader.Null, output, TextWriter.Null, CanAsk: false, OutIsTerminal: false), _ => null, TimeProvider.System, () => new() { UseProxy = false });
        using var api = new ManagementApi(context, new Credentials(context, Server.AbsoluteUri));
        var report = new Report(new Output(context, json: false));
        var client = new Patient(System.Text.Json.Nodes.JsonNode.Parse(
            """{"client_id":"shop","token_endpoint_auth_method":"none","redirect_uris":["https://shop.example.com/cb"]}""")!);

        // As a proxy before the server might.
        var silent = new Uri(Server, "/health/live");
        await new ClientChecks(api, report).RunAsync(new(Server, silent, silent, null, null, null), client, Cancel);

        report.IsHealthy.ShouldBeFalse();
        output.ToString().ShouldContain("The preflight of https://shop.example.com is not answered");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_found_before_anything_else()
    {
        using var tool = new ToolRun();

        var visit = await DoctorAsync(tool, "shop", "--server", $"http://127.0.0.1:{FreePort.Find()}");

        visit.ExitCode.ShouldBe(5);
        visit.State("discovery").ShouldBe("problem");
        visit.Text("discovery").ShouldContain("cannot be reached");
    }

    [Fact]
    public async Task A_certificate_that_this_machine_does_not_trust_is_found_before_anything_is_sent()
    {
        using var certificate = new TestCertificate();
        await using var server = await TestServer.StartAsync(setup => setup.Certificate = certificate);
        using var tool = new ToolRun();

        var visit = await DoctorAsync(tool, "shop", "--server", server.BoundAddress.AbsoluteUri);

        visit.ExitCode.ShouldBe(5);
        visit.State("tls").ShouldBe("problem");
        visit.Text("tls").ShouldStartWith("This machine does not trust the server's certificate");
    }

    [Fact]
    public async Task Somebody_elses_client_is_not_looked_at()
    {
        var answer = await stage.Tool.RunAsync("clients", "doctor", "nobodys");

        answer.ExitCode.ShouldBe(4);
        answer.Error.ShouldStartWith("There is no such thing, or it is not yours. ");
    }

    private static async Task<Visit> DoctorAsync(ToolRun tool, string clientId, params string[] more) =>
        new(await tool.RunAsync(["clients", "doctor", clientId, "--json", .. more]));

    // The same person at another machine.
    private ToolRun Machine(string input = "")
    {
        var tool = new ToolRun { Input = input };
        Directory.CreateDirectory(Path.GetDirectoryName(tool.SessionFile)!);
        File.Copy(stage.Tool.SessionFile, tool.SessionFile);
        return tool;
    }

    private async Task<int> TestUsersAsync(string clientId) =>
        (await stage.Tool.RunAsync("test-users", "list", clientId, "--json")).Json.GetProperty("items").GetArrayLength();

    private Task<int> OwnAsync(string clientId) => InDatabaseAsync(async db =>
    {
        var (client, user) = (
            await db.Clients.Where(row => row.ClientId == clientId).Select(row => row.Id!).SingleAsync(Cancel),
            await db.Users.Where(row => row.Email == stage.Email).Select(row => row.Id).SingleAsync(Cancel));
        db.ClientOwners.Add(new() { ClientRowId = client, UserId = user, AddedAt = DateTimeOffset.UtcNow });
        return await db.SaveChangesAsync(Cancel);
    });

    private Task<T> InDatabaseAsync<T>(Func<IdentityServerDbContext, Task<T>> work) =>
        stage.World.Server.InScopeAsync(services => work(services.GetRequiredService<IdentityServerDbContext>()));

    private string Known(string json, string clientId, string redirectUri)
    {
        var text = json.Replace(redirectUri, "http://127.0.0.1:5091/callback", StringComparison.Ordinal)
            .Replace(new Uri(redirectUri).GetLeftPart(UriPartial.Authority), "http://127.0.0.1:5091", StringComparison.Ordinal)
            .Replace(Server.AbsoluteUri, "https://id.example.com/", StringComparison.Ordinal)
            .Replace(clientId, "shop-spa", StringComparison.Ordinal);
        return Drift().Replace(TestAddress().Replace(text, "doctor@test.example "), "agree to 0 s");
    }

    [GeneratedRegex(@"agree to \d s")]
    private static partial Regex Drift();

    [GeneratedRegex(@"[^\s""]+@\S+ ")]
    private static partial Regex TestAddress();

    private sealed record Visit(ToolAnswer Answer)
    {
        public int ExitCode => Answer.ExitCode;

        public string? State(string check) => Find(check, "state");

        public string Text(string check) => Find(check, "text")!;

        public string? Mend(string check) => Find(check, "mend");

        private string? Find(string check, string member) => JsonDocument.Parse(Answer.Out).RootElement.GetProperty("checks").EnumerateArray()
            .SingleOrDefault(finding => finding.GetProperty("check").GetString() == check) is { ValueKind: JsonValueKind.Object } found
                ? found.GetProperty(member).GetString()
                : null;
    }

    private sealed class WrongClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}

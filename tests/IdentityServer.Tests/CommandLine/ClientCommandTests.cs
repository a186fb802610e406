using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.CommandLine;

/// <summary>Clients at the shell: registered, looked at, changed, deleted.</summary>
public sealed class ClientCommandTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ToolRun Tool => stage.Tool;

    [Fact]
    public async Task Who_is_signed_in_is_told_with_what_they_may_do()
    {
        var people = await Tool.RunAsync("whoami");
        var scripts = await Tool.RunAsync("whoami", "--json");

        people.ExitCode.ShouldBe(0, people.Error);
        people.Out.ShouldMatch(
            $@"\Aserver   {stage.World.Server.Address}\naccount  {stage.Email}\nclient   idsrv-cli\n"
            + @"may      .*clients\.write.*\nclients  \d+ of at most 20\n\z");
        scripts.Json.GetProperty("kind").GetString().ShouldBe("person");
    }

    [Theory]
    [InlineData("web-server", "client_secret_basic", true)]
    [InlineData("single-page", "none", false)]
    public async Task A_client_is_registered_with_the_settings_of_its_kind(string kind, string method, bool secret)
    {
        var made = await Tool.RunAsync("clients", "create", "--name", "Shop", "--kind", kind, "--redirect-uri", "https://shop.example.com/cb", "--json");
        made.ExitCode.ShouldBe(0, made.Error);
        var clientId = made.Json.GetProperty("client_id").GetString()!;
        var shown = await Tool.RunAsync("clients", "show", clientId, "--json");
        var list = await Tool.RunAsync("clients", "list");

        made.Json.TryGetProperty("client_secret", out _).ShouldBe(secret);
        made.Error.ShouldBeEmpty();
        shown.Json.GetProperty("token_endpoint_auth_method").GetString().ShouldBe(method);
        shown.Json.GetProperty("kind").GetString().ShouldBe(kind);
        shown.Json.TryGetProperty("client_secret", out _).ShouldBeFalse();
        list.Out.Split('\n')[0].ShouldMatch(@"\Aclient_id +name +kind +last used\z");
        list.Out.ShouldMatch($@"(?m)^{clientId}  Shop +{kind} +-$");
    }

    [Fact]
    public async Task The_secret_stands_in_the_result_and_once()
    {
        var made = await Tool.RunAsync("clients", "create", "--name", "Shop", "--kind", "web-server", "--redirect-uri", "https://shop.example.com/cb");

        made.Out.ShouldMatch($@"\Aclient_id      \S+\nclient_secret  \S+\nissuer         {stage.World.Server.Address}\n\z");
        made.Error.ShouldStartWith("The secret is not shown again.");
        var shown = await Tool.RunAsync("clients", "show", made.Out.Split('\n')[0].Split(' ')[^1]);
        shown.Out.ShouldContain("https://shop.example.com/cb");
        shown.Out.ShouldNotContain("client_secret ");
    }

    [Fact]
    public async Task More_metadata_come_from_a_file_or_a_pipe()
    {
        using var tool = Piped("""{"client_uri":"https://shop.example.com","application_type":"native"}""");

        var made = await tool.RunAsync("clients", "create", "--name", "Shop", "--kind", "single-page", "--redirect-uri", "https://shop.example.com/cb", "--metadata", "-", "--json");

        made.ExitCode.ShouldBe(0, made.Error);
        made.Json.GetProperty("client_uri").GetString().ShouldBe("https://shop.example.com");
        made.Json.GetProperty("kind").GetString().ShouldBe("native");
    }

    [Fact]
    public async Task What_breaks_rules_is_refused_part_by_part()
    {
        var answer = await Tool.RunAsync(
            "clients", "create", "--name", "Shop", "--kind", "web-server", "--redirect-uri", "http://shop.example.com/cb", "--redirect-uri", "https://shop.example.com/cb#here");

        answer.ExitCode.ShouldBe(4);
        answer.Out.ShouldBeEmpty();
        answer.Error.ShouldStartWith("What was sent breaks rules:\n  redirect_uris[0] ");
        answer.Error.ShouldContain("  redirect_uris[1] ");
    }

    [Fact]
    public async Task A_change_leaves_the_rest_as_it_is()
    {
        var clientId = await RegisterAsync();

        var answer = await Tool.RunAsync(
            "clients", "update", clientId, "--name", "Shop 2", "--add-redirect-uri", "https://staging.example.com/cb", "--remove-redirect-uri", "https://shop.example.com/cb", "--json");

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Json.GetProperty("client_name").GetString().ShouldBe("Shop 2");
        answer.Json.GetProperty("redirect_uris").EnumerateArray().Select(uri => uri.GetString()).ShouldBe(["https://staging.example.com/cb"]);
        answer.Json.GetProperty("token_endpoint_auth_method").GetString().ShouldBe("none");
        (await Tool.RunAsync("clients", "update", clientId, "--remove-redirect-uri", "https://other.example.com/cb"))
            .ShouldBe(new ToolAnswer(2, "", "https://other.example.com/cb is not among the redirect URIs. idsrv clients show lists them.\n"));
    }

    [Fact]
    public async Task Deleting_asks_and_takes_no_for_an_answer()
    {
        var clientId = await RegisterAsync();
        Tool.Typed = "no\n";
        var refused = await Tool.RunAsync("clients", "delete", clientId);
        Tool.Typed = "y\n";
        var agreed = await Tool.RunAsync("clients", "delete", clientId);
        Tool.Typed = null;

        refused.ExitCode.ShouldBe(130);
        refused.Error.ShouldBe($"Delete Shop ({clientId}), and with it all that people and machines hold of it? [y/N] Nothing was done.\n");
        agreed.ExitCode.ShouldBe(0, agreed.Error);
        agreed.Out.ShouldBe("Deleted Shop.\n");
        var gone = await Tool.RunAsync("clients", "show", clientId);
        gone.ExitCode.ShouldBe(4);
        gone.Error.ShouldStartWith("There is no such thing, or it is not yours. ");
    }

    [Fact]
    public async Task Somebody_elses_client_is_as_one_that_does_not_exist()
    {
        var clientId = await RegisterAsync();
        using var stranger = new ToolRun();
        (await Login.RunAsync(stranger, stage.World, await stage.World.AddUserAsync())).ExitCode.ShouldBe(0);

        foreach (var command in new[] { "clients show", "clients update --name Mine", "clients delete --yes" })
        {
            var words = command.Split(' ');
            var theirs = await stranger.RunAsync([.. words, clientId]);
            var nobodys = await stranger.RunAsync([.. words, "nobodys"]);
            theirs.ExitCode.ShouldBe(4);
            theirs.ShouldBe(nobodys);
        }
    }

    [Fact]
    public async Task A_machine_needs_no_login()
    {
        var made = await Tool.RunAsync("clients", "create", "--name", "CI", "--kind", "machine", "--scope", "clients.read", "--json");
        made.ExitCode.ShouldBe(0, made.Error);
        using var machine = Machine(made.Json.GetProperty("client_id").GetString()!, made.Json.GetProperty("client_secret").GetString()!);

        var list = await machine.RunAsync("clients", "list", "--json");
        var barred = await machine.RunAsync("clients", "update", made.Json.GetProperty("client_id").GetString()!, "--name", "CI 2");
        machine.Variables["IDSRV_CLIENT_SECRET"] = "wrong";
        var wrong = await machine.RunAsync("clients", "list");
        machine.Variables.Remove("IDSRV_CLIENT_SECRET");
        var none = await machine.RunAsync("clients", "list");

        list.ExitCode.ShouldBe(0, list.Error);
        list.Json.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_name").GetString()).ShouldBe(["CI"]);
        barred.ExitCode.ShouldBe(4);
        barred.Error.ShouldContain("gets no token for clients.write.");
        wrong.ExitCode.ShouldBe(3);
        wrong.Error.ShouldStartWith("The server does not take IDSRV_CLIENT_ID with IDSRV_CLIENT_SECRET.");
        none.ExitCode.ShouldBe(3);
        none.Error.ShouldStartWith("IDSRV_CLIENT_ID is set, and IDSRV_CLIENT_SECRET is not.");
        File.Exists(machine.SessionFile).ShouldBeFalse();
    }

    [Fact]
    public async Task A_long_list_is_read_to_its_end()
    {
        using var tool = new ToolRun();
        var email = await stage.World.AddUserAsync();
        (await Login.RunAsync(tool, stage.World, email)).ExitCode.ShouldBe(0);
        await stage.World.Server.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var user = await db.Users.SingleAsync(row => row.Email == email, Cancel);
            foreach (var number in Enumerable.Range(0, 53))
            {
                await stage.World.RegisterAsync($$"""{"client_id":"many-{{number}}","client_name":"Many","redirect_uris":["https://many.example.com/cb"],"token_endpoint_auth_method":"none"}""");
                var row = await db.Clients.Where(client => client.ClientId == $"many-{number}").Select(client => client.Id).SingleAsync(Cancel);
                db.ClientOwners.Add(new() { ClientRowId = row!, UserId = user.Id, AddedAt = DateTimeOffset.UtcNow });
            }

            return await db.SaveChangesAsync(Cancel);
        });

        var list = await tool.RunAsync("clients", "list", "--json");

        list.Json.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()).Distinct().Count().ShouldBe(53);
    }

    [Fact]
    public async Task Stopping_it_is_told_by_the_exit_code()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        (await Tool.RunAsync(["clients", "list"], cancellationToken: stopped.Token)).ShouldBe(new ToolAnswer(130, "", "Stopped.\n"));
    }

    private async Task<string> RegisterAsync()
    {
        var made = await Tool.RunAsync("clients", "create", "--name", "Shop", "--kind", "single-page", "--redirect-uri", "https://shop.example.com/cb", "--json");
        made.ExitCode.ShouldBe(0, made.Error);
        return made.Json.GetProperty("client_id").GetString()!;
    }

    private ToolRun Machine(string clientId, string secret) => new()
    {
        Variables =
        {
            ["IDSRV_SERVER"] = stage.World.Server.Address.AbsoluteUri,
            ["IDSRV_CLIENT_ID"] = clientId,
            ["IDSRV_CLIENT_SECRET"] = secret,
        },
    };

    // The same person, at a machine where something is piped in.
    private ToolRun Piped(string input)
    {
        var tool = new ToolRun { Input = input };
        Directory.CreateDirectory(Path.GetDirectoryName(tool.SessionFile)!);
        File.Copy(Tool.SessionFile, tool.SessionFile);
        return tool;
    }
}

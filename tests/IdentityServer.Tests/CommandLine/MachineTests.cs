using IdentityServer.Tests.Api;

namespace IdentityServer.Tests.CommandLine;

/// <summary>The tool where no person is: on a build server, as a machine client.</summary>
public sealed class MachineTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private const string None = """{"items":[],"next":null}""";

    // Whoever makes a secret of a client can act as it: the server wants a token that is good for as much.
    [Fact]
    public async Task A_machine_makes_a_secret_of_a_client_that_may_no_more_than_it()
    {
        using var machine = await RegisterAsync("clients.read clients.secrets clients.write", manages: "clients.read clients.write");

        var made = await machine.Run.RunAsync("clients", "secrets", "create", machine.Managed);

        made.ExitCode.ShouldBe(0, made.Error);
        made.Out.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_machine_makes_no_secret_of_a_client_that_may_more()
    {
        using var machine = await RegisterAsync("clients.read clients.secrets", manages: "clients.read clients.write");

        var made = await machine.Run.RunAsync("clients", "secrets", "create", machine.Managed);

        made.ExitCode.ShouldBe(4);
        made.Error.ShouldStartWith("The client");
        made.Error.ShouldContain("gets no token for clients.read clients.secrets clients.write.");
        made.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_changes_how_a_client_proves_itself()
    {
        using var machine = await RegisterAsync("clients.read clients.secrets clients.write", manages: "clients.read");
        var metadata = Path.Combine(machine.Run.Directory, "metadata.json");
        await File.WriteAllTextAsync(metadata, """{"token_endpoint_auth_method":"client_secret_post"}""", TestContext.Current.CancellationToken);

        var changed = await machine.Run.RunAsync("clients", "update", machine.Managed, "--metadata", metadata, "--json");

        changed.ExitCode.ShouldBe(0, changed.Error);
        changed.Json.GetProperty("token_endpoint_auth_method").GetString().ShouldBe("client_secret_post");
    }

    // A machine that runs for long outlives its tokens, and may outlive what they were issued under.
    [Fact]
    public async Task A_token_that_the_server_takes_no_more_is_replaced()
    {
        await using var server = new PlayedServer(request => request.Headers["Authorization"] == "Bearer token1" ? (401, "{}") : (200, None));
        using var machine = server.Machine();

        var list = await machine.RunAsync("clients", "list", "--json");

        list.ExitCode.ShouldBe(0, list.Error);
        server.Tokens.ShouldBe(2);
    }

    [Fact]
    public async Task A_machine_whose_tokens_are_all_refused_is_not_sent_to_sign_in()
    {
        await using var server = new PlayedServer(_ => (401, "{}"));
        using var machine = server.Machine();

        var list = await machine.RunAsync("clients", "list");

        list.ShouldBe(new ToolAnswer(3, "", "The server does not take the tokens that it gives for IDSRV_CLIENT_ID. Ask its operator.\n"));
        server.Tokens.ShouldBe(2);
    }

    [Fact]
    public async Task A_token_is_used_until_its_end_and_no_longer()
    {
        var clock = new ImpatientClock();
        var pages = 0;
        await using var server = new PlayedServer(_ =>
        {
            pages++;
            clock.Ahead = pages < 3 ? TimeSpan.Zero : TimeSpan.FromSeconds(871); // half a minute less than it lives, and a second
            return (200, pages < 4 ? $$"""{"items":[],"next":"{{pages}}"}""" : None);
        });
        using var machine = server.Machine();
        machine.Clock = clock;

        (await machine.RunAsync("clients", "list")).ExitCode.ShouldBe(0);

        (pages, server.Tokens).ShouldBe((4, 2));
    }

    private async Task<Managing> RegisterAsync(string scope, string manages)
    {
        var made = await stage.RegisterAsync("machine", "--scope", scope);
        var (managed, _) = await stage.RegisterAsync("machine", "--scope", manages);
        await new ApiStage(stage.World).LetAsync(stage.Email, made.ClientId, managed);
        var run = new ToolRun
        {
            Variables =
            {
                ["IDSRV_SERVER"] = stage.World.Server.Address.AbsoluteUri, ["IDSRV_CLIENT_ID"] = made.ClientId, ["IDSRV_CLIENT_SECRET"] = made.Secret!,
            },
        };
        return new(run, managed);
    }

    private sealed record Managing(ToolRun Run, string Managed) : IDisposable
    {
        public void Dispose() => Run.Dispose();
    }
}

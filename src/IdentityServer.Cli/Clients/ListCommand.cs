using System.CommandLine;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients list</c>.</summary>
internal static class ListCommand
{
    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("list", "Lists the clients that you own.");
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var answer = await api.ListAsync("clients", cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        var clients = done.Document.Items().ToArray();
        if (clients.Length == 0)
        {
            await run.Output.SayAsync("You own no clients. idsrv clients create makes one.");
            return ExitCode.Done;
        }

        await run.Output.TableAsync(
            ["client_id", "name", "kind", "last used"],
            [.. clients.Select(client => (string?[])[client.Text("client_id"), client.Text("client_name"), client.Text("kind"), client.Moment("last_used_at")])]);
        return ExitCode.Done;
    }
}

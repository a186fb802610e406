using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients delete</c>.</summary>
internal static class DeleteCommand
{
    private const string More =
        """
        Nobody signs in to it any more; its tokens, consents, secrets, test users and log are gone. This cannot be taken back.

        """ + "\n" + ExitCode.Help;

    private static readonly Argument<string> _client = ClientArgument.New();

    /// <summary>Of every command that cannot be taken back.</summary>
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask." };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("delete", "Deletes a client.", More) { _client, Yes };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var clientId = run.Value(_client);
        var path = ManagementApi.Client(clientId);
        var found = await api.GetAsync(path, cancellationToken);
        if (found is not ApiAnswer.Done before)
        {
            return await run.ComplainAsync(found);
        }

        var name = Printable.Of(before.Document.Text("client_name"));
        if (await run.ConfirmAsync($"Delete {name} ({Printable.Of(clientId)}), and with it all that people and machines hold of it?", run.Value(Yes), cancellationToken) is { } no)
        {
            return no;
        }

        var answer = await api.SendAsync(HttpMethod.Delete, path, new(null, before.Version), cancellationToken);
        if (answer is not ApiAnswer.Done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(new JsonObject { ["client_id"] = clientId, ["deleted"] = true });
        }
        else
        {
            await run.Output.LineAsync($"Deleted {name}.");
        }

        return ExitCode.Done;
    }
}

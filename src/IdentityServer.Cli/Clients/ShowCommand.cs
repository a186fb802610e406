using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients show</c>.</summary>
internal static class ShowCommand
{
    private static readonly Argument<string> _client = ClientArgument.New();

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("show", "Shows what is registered of a client.") { _client };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    /// <summary>Writes a client: each member of its metadata by its own name.</summary>
    public static async Task<int> WriteAsync(Invocation run, JsonNode? client)
    {
        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(client);
            return ExitCode.Done;
        }

        await run.Output.FactsAsync([.. (client as JsonObject ?? []).SelectMany(member => Facts(member.Key, member.Value))]);
        return ExitCode.Done;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var answer = await api.GetAsync(ManagementApi.Client(run.Value(_client)), cancellationToken);
        return answer is ApiAnswer.Done done ? await WriteAsync(run, done.Document) : await run.ComplainAsync(answer);
    }

    private static IEnumerable<(string Name, string? Value)> Facts(string name, JsonNode? value) => value switch
    {
        JsonArray list => list.Select((item, index) => (index == 0 ? name : "", Text(item))),
        _ => [(name, Text(value))],
    };

    private static string? Text(JsonNode? value) => value is JsonValue text && text.TryGetValue<string>(out var written) ? written : value?.ToJsonString();
}

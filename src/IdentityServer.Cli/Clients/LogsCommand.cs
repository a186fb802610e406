using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients logs</c>: why requests of a client failed, newest last as in any log.</summary>
internal static class LogsCommand
{
    private const int Most = 50; // a page of the API

    private const string More =
        """
        Each line: when, the reference that the person saw, the code of the mistake (see docs/errors.md), and what happened. With
        --json one document a line. With --follow it waits for more until you stop it with Ctrl+C.

        Examples:
          idsrv clients logs shop-web
          idsrv clients logs shop-web --follow --code redirect_uri_mismatch

        """ + "\n" + ExitCode.Help;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on, until you stop it." };
    private static readonly Option<string> _code = new("--code") { Description = "Only this mistake.", HelpName = "code" };
    private static readonly Option<int> _last = new("--last")
    {
        Description = "How many at most.",
        HelpName = "number",
        DefaultValueFactory = _ => 20,
    };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("logs", "Shows why requests of a client failed.", More) { _client, _follow, _code, _last };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var last = run.Value(_last);
        if (last is < 1 or > Most)
        {
            return await run.MisusedAsync("--last is not a number from 1 to 50.");
        }

        using var api = run.OpenApi();
        var path = ManagementApi.Client(run.Value(_client), "/failures");
        var code = run.Value(_code) is { } wanted ? $"&code={Uri.EscapeDataString(wanted)}" : "";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var answer = await api.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{path}?limit={last}{code}"), cancellationToken);
        while (answer is ApiAnswer.Done done)
        {
            foreach (var failure in done.Document.Items().Reverse())
            {
                if (failure.Text("reference") is { } reference && seen.Add(reference))
                {
                    await WriteAsync(run.Output, failure);
                }
            }

            if (!run.Value(_follow))
            {
                if (seen.Count == 0)
                {
                    await run.Output.SayAsync("No request of this client failed.");
                }

                return ExitCode.Done;
            }

            await Task.Delay(_pause, run.Context.Clock, cancellationToken);
            answer = await api.GetAsync($"{path}?limit=50{code}", cancellationToken);
        }

        return await run.ComplainAsync(answer);
    }

    private static async Task WriteAsync(Output output, JsonObject failure)
    {
        if (output.Json)
        {
            await output.DocumentLineAsync(failure);
            return;
        }

        await output.LineAsync(
            $"{output.Paint(failure.Moment("at") ?? "-", Tone.Quiet)}  {Printable.Of(failure.Text("reference"))}  "
            + $"{output.Paint(Printable.Of(failure.Text("code")), Tone.Bad)}  {Printable.Of(failure.Text("sentence"))}");
    }
}

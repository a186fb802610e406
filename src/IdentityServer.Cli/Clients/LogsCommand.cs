using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients logs</c>: why requests of a client failed, newest last as in any log.</summary>
internal static class LogsCommand
{
    private const int TooManyRequests = 429;

    private const string More =
        """
        Each line: when, the reference that the person saw, the code of the mistake (see docs/errors.md), and what happened. With
        --json one document a line. With --follow it waits for more until you stop it with Ctrl+C.

        Examples:
          idsrv clients logs shop-web
          idsrv clients logs shop-web --follow --code redirect_uri_mismatch

        """ + "\n" + ExitCode.Help;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(1);

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
        if (last is < 1 or > FailureTail.Page)
        {
            return await run.MisusedAsync("--last is not a number from 1 to 50.");
        }

        using var api = run.OpenApi();
        var failures = new FailureTail(api, run.Value(_client), run.Value(_code));
        var answer = await failures.BeginAsync(last, cancellationToken);
        if (!run.Value(_follow))
        {
            return answer is ApiAnswer.Done all ? await ShowAllAsync(run, all) : await run.ComplainAsync(answer);
        }

        // Whoever begins to follow is told at once what is wrong; later on a network that is away for a while ends nothing.
        for (var pause = _pause; answer is ApiAnswer.Done || (failures.HasBegun && IsPassing(answer));)
        {
            if (answer is ApiAnswer.Done done)
            {
                await WriteAsync(run.Output, done);
                pause = _pause;
            }
            else
            {
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
                await run.Output.SayAsync($"{Why(answer)} Trying again in {pause.TotalSeconds:0} seconds.");
            }

            await Task.Delay(pause, run.Context.Clock, cancellationToken);
            answer = await failures.NextAsync(cancellationToken);
        }

        return await run.ComplainAsync(answer);
    }

    private static bool IsPassing(ApiAnswer answer) => answer is ApiAnswer.Failed or ApiAnswer.Refused { Status: TooManyRequests };

    private static string Why(ApiAnswer answer) => answer is ApiAnswer.Refused refused ? refused.Problem.ToString() : ((ApiAnswer.Failed)answer).Why;

    private static async Task<int> ShowAllAsync(Invocation run, ApiAnswer.Done done)
    {
        await WriteAsync(run.Output, done);
        if (!done.Document.Items().Any())
        {
            await run.Output.SayAsync("No request of this client failed.");
        }

        return ExitCode.Done;
    }

    private static async Task WriteAsync(Output output, ApiAnswer.Done done)
    {
        foreach (var failure in done.Document.Items())
        {
            await WriteAsync(output, failure);
        }
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

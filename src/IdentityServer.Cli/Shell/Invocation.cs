using System.CommandLine;
using IdentityServer.Cli.Server;

namespace IdentityServer.Cli.Shell;

/// <summary>One run of a command: what it was told, and how it answers.</summary>
internal sealed class Invocation(ToolContext context, ParseResult parsed)
{
    /// <summary>On every command.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Write the result as JSON.", Recursive = true };

    /// <summary>On every command.</summary>
    public static Option<string> Server { get; } = new("--server")
    {
        Description = "The server; IDSRV_SERVER, or that of the last login, when left out.",
        HelpName = "URL",
        Recursive = true,
    };

    public ToolContext Context => context;

    public Output Output { get; } = new(context, parsed.GetValue(Json));

    /// <summary>The server that was named; null for that of the last login.</summary>
    public string? NamedServer => parsed.GetValue(Server) ?? context.Setting("IDSRV_SERVER");

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public T Value<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);

    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The management API of the server, with whatever lets this process use it.</summary>
    public ManagementApi OpenApi() => new(context, new Credentials(context, NamedServer));

    /// <summary>Says why something did not come about.</summary>
    /// <returns>The exit code for it.</returns>
    public async Task<int> ComplainAsync(ApiAnswer answer)
    {
        var (exitCode, message) = answer switch
        {
            ApiAnswer.Refused refused => (ExitCode.Refused, refused.Problem.ToString()),
            ApiAnswer.NotSignedIn nobody => (ExitCode.NotSignedIn, nobody.Why),
            ApiAnswer.Failed failed => (ExitCode.Failed, failed.Why),
            _ => throw new System.Diagnostics.UnreachableException($"{answer} is no complaint."),
        };
        await Output.SayAsync(message);
        return exitCode;
    }

    /// <summary>Says what is wrong with the command line.</summary>
    public async Task<int> MisusedAsync(string message)
    {
        await Output.SayAsync(message);
        return ExitCode.Usage;
    }

    /// <summary>Asks before something is done that cannot be taken back.</summary>
    /// <returns>Null to go on; else the exit code.</returns>
    public async Task<int?> ConfirmAsync(string question, bool yes, CancellationToken cancellationToken)
    {
        if (yes)
        {
            return null;
        }

        if (!context.Console.CanAsk)
        {
            return await MisusedAsync("Nobody can be asked here. Add --yes if you mean it.");
        }

        await context.Console.Error.WriteAsync($"{question} [y/N] ");
        if (await context.Console.ReadLineAsync(cancellationToken) is { } answer && answer.Trim().ToUpperInvariant() is "Y" or "YES")
        {
            return null;
        }

        await Output.SayAsync("Nothing was done.");
        return ExitCode.Stopped;
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using IdentityServer.Settings;

namespace IdentityServer.Maintenance;

/// <summary>
/// The verbs of the executable, beside serving: what an operator does from a shell. They build the same host as the server, with the same
/// configuration and the same checks, and work while it runs.
/// </summary>
internal static class Verbs
{
    private const string ProgramName = "IdentityServer";

    /// <summary>Runs the verb that the command line names, or the server when it names none.</summary>
    /// <returns>The process's exit code, see <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Split(args);
        return arguments.NamesNoVerb
            ? IdentityServerHost.RunAsync(args)
            : RunAsync(arguments, VerbConsole.OfProcess(), configure: null, CancellationToken.None);
    }

    /// <summary>Runs a verb on a console.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="console">Where it reads and writes.</param>
    /// <param name="configure">Adds to the host before it is built.</param>
    /// <param name="cancellationToken">Stops it; Ctrl+C does as well.</param>
    [SuppressMessage("Design", "CA1031", Justification = "The last stop: a person at a shell gets a sentence, a script an exit code.")]
    public static async Task<int> RunAsync(
        VerbArguments arguments, VerbConsole console, Action<WebApplicationBuilder>? configure, CancellationToken cancellationToken)
    {
        var root = Describe(console, new VerbHost(arguments.Configuration, configure));
        if (arguments.Verb is ["--version"])
        {
            await console.Out.WriteLineAsync(
                typeof(Verbs).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
            return ExitCode.Done;
        }

        var parsed = root.Parse(arguments.Verb);
        if (parsed.Action is not HelpAction and not VerbHelp && Complaint(root, parsed) is { } complaint)
        {
            await console.Error.WriteLineAsync(complaint);
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new() { Output = console.Out, Error = console.Error, EnableDefaultExceptionHandler = false }, cancellationToken);
        }
        catch (ConfigurationException refused)
        {
            await console.Error.WriteLineAsync(refused.Message);
            return ExitCode.Usage;
        }
        catch (OperationCanceledException)
        {
            await console.Error.WriteLineAsync("Stopped.");
            return ExitCode.Stopped;
        }
        catch (Exception failure)
        {
            await console.Error.WriteLineAsync($"It failed: {failure.GetBaseException().Message}");
            return ExitCode.Failed;
        }
    }

    // A plain command instead of the library's root command, whose name would be that of the file that happens to run.
    private static Command Describe(VerbConsole console, VerbHost host)
    {
        var root = new Command(ProgramName, "An OpenID Connect provider. Without a verb it runs the server.")
        {
            new Command("users", "Accounts: create, import, reset-budget, change-address, administrator.")
            {
                CreateUserVerb.Describe(console, host),
                ImportVerbs.DescribeUsers(console, host),
                ResetBudgetVerb.Describe(console, host),
                ChangeAddressVerb.Describe(console, host),
                AdministratorVerb.Describe(console, host),
            },
            new Command("clients", "Client applications: import, logouts, owners.")
            {
                ImportVerbs.DescribeClients(console, host),
                ClientLogoutsVerb.Describe(console, host),
                ClientOwnersVerb.Describe(console, host),
            },
            new Command("registration-tokens", "Initial access tokens, with which clients register themselves: create, list, revoke.")
            {
                RegistrationTokenVerbs.DescribeCreate(console, host),
                RegistrationTokenVerbs.DescribeList(console, host),
                RegistrationTokenVerbs.DescribeRevoke(console, host),
            },
            new Command("resources", "Resources that tokens are for: import, list.")
            {
                ImportVerbs.DescribeResources(console, host),
                ListResourcesVerb.Describe(console, host),
            },
            new Command("keys", "Signing keys: list, rotate, revoke.")
            {
                KeysVerbs.DescribeList(console, host),
                KeysVerbs.DescribeRotate(console, host),
                KeysVerbs.DescribeRevoke(console, host),
            },
            new Command("secrets", "What everything secret hangs on: rotate.")
            {
                SecretsVerbs.Describe(console, host),
            },
            new Command("db", "The database: migrate.")
            {
                MigrateVerb.Describe(console, host),
            },
        };
        var help = new HelpOption { Recursive = true };
        help.Action = new VerbHelp((HelpAction)help.Action!);
        root.Options.Add(help);
        return root;
    }

    private static string? Complaint(Command root, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = string.Join(' ', Path(parsed.CommandResult).Reverse());
        if (command.Subcommands.Count > 0)
        {
            var known = string.Join(", ", Leaves(command, Prefix(command, root)));
            return parsed.UnmatchedTokens is [var unknown, ..]
                ? $"'{unknown}' is not a verb. Verbs are: {known}. See {path} --help."
                : $"A verb is missing. Verbs are: {known}. See {path} --help.";
        }

        return parsed.Errors.Count == 0
            ? null
            : $"{string.Join(Environment.NewLine, parsed.Errors.Select(error => error.Message))}{Environment.NewLine}See {path} --help.";
    }

    private static string Prefix(Command command, Command root) => command == root ? "" : command.Name + " ";

    private static IEnumerable<string> Leaves(Command command, string prefix) => command.Subcommands.SelectMany(
        inner => inner.Subcommands.Count > 0 ? Leaves(inner, $"{prefix}{inner.Name} ") : [prefix + inner.Name]);

    private static IEnumerable<string> Path(System.CommandLine.Parsing.CommandResult result)
    {
        for (System.CommandLine.Parsing.SymbolResult? current = result; current is System.CommandLine.Parsing.CommandResult inner; current = current.Parent)
        {
            yield return inner.Command.Name;
        }
    }
}

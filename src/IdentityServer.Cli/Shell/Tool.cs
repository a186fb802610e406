using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using IdentityServer.Cli.Clients;
using IdentityServer.Cli.Doctor;
using IdentityServer.Cli.SignIn;
using IdentityServer.Cli.TestUsers;

namespace IdentityServer.Cli.Shell;

/// <summary>The command line of <c>idsrv</c>.</summary>
internal static class Tool
{
    private const string Name = "idsrv";

    /// <summary>Runs the command that the command line names.</summary>
    /// <returns>The process's exit code, see <see cref="ExitCode"/>.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The last stop: a person at a shell gets a sentence, a script an exit code.")]
    public static async Task<int> RunAsync(string[] args, ToolContext context, CancellationToken cancellationToken)
    {
        var console = context.Console;
        if (args is ["--version"])
        {
            await console.Out.WriteLineAsync(Version);
            return ExitCode.Done;
        }

        var root = Describe(context);
        var parsed = root.Parse(args);
        if (parsed.Action is not ToolHelp && Complaint(parsed) is { } complaint)
        {
            await console.Error.WriteLineAsync(complaint);
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new() { Output = console.Out, Error = console.Error, EnableDefaultExceptionHandler = false }, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await console.Error.WriteLineAsync("Stopped.");
            return ExitCode.Stopped;
        }
        catch (Exception failure)
        {
            await console.Error.WriteLineAsync($"It failed: {Printable.Of(failure.GetBaseException().Message)}");
            return ExitCode.Failed;
        }
    }

    /// <summary>The repository's version.</summary>
    public static string Version => typeof(Tool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    // A plain command instead of the library's root command, whose name would be that of the file that happens to run.
    public static Command Describe(ToolContext context)
    {
        var root = new Command(Name, "Registers, diagnoses and tests the client applications of an IdentityServer.")
        {
            LoginCommand.Describe(context),
            LogoutCommand.Describe(context),
            WhoamiCommand.Describe(context),
            new Command("clients", "Client applications: list, create, show, update, delete, secrets, logs, doctor.")
            {
                ListCommand.Describe(context),
                CreateCommand.Describe(context),
                ShowCommand.Describe(context),
                UpdateCommand.Describe(context),
                DeleteCommand.Describe(context),
                new Command("secrets", "A client's secrets: list, create, retire.")
                {
                    SecretsCommands.DescribeList(context),
                    SecretsCommands.DescribeCreate(context),
                    SecretsCommands.DescribeRetire(context),
                },
                LogsCommand.Describe(context),
                DoctorCommand.Describe(context),
            },
            new Command("test-users", "A client's test users and their mail: list, create, delete, mail.")
            {
                TestUserCommands.DescribeList(context),
                TestUserCommands.DescribeCreate(context),
                TestUserCommands.DescribeDelete(context),
                MailCommand.Describe(context),
            },
            CompletionCommand.Describe(context),
            CompletionCommand.DescribeAnswer(context),
        };
        root.Options.Add(Invocation.Server);
        root.Options.Add(Invocation.Json);
        var help = new HelpOption { Recursive = true };
        help.Action = new ToolHelp((HelpAction)help.Action!);
        root.Options.Add(help);
        return root;
    }

    private static string? Complaint(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = string.Join(' ', Path(parsed.CommandResult).Reverse());
        if (command.Subcommands.Count > 0)
        {
            var known = string.Join(", ", command.Subcommands.Where(inner => !inner.Hidden).Select(inner => inner.Name));
            return parsed.UnmatchedTokens is [var unknown, ..]
                ? $"'{Printable.Of(unknown)}' is not a command of {path}. There are: {known}. See {path} --help."
                : $"A command is missing. There are: {known}. See {path} --help.";
        }

        return parsed.Errors.Count == 0
            ? null
            : $"{string.Join(Environment.NewLine, parsed.Errors.Select(error => Printable.Of(error.Message)))}{Environment.NewLine}See {path} --help.";
    }

    private static IEnumerable<string> Path(CommandResult result)
    {
        for (SymbolResult? current = result; current is CommandResult inner; current = current.Parent)
        {
            yield return inner.Command.Name;
        }
    }
}

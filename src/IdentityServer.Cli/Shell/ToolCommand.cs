using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace IdentityServer.Cli.Shell;

/// <summary>A command that has more to say than its options.</summary>
internal sealed class ToolCommand(string name, string description, string more = ExitCode.Help) : Command(name, description)
{
    /// <summary>Stands below the options in the help.</summary>
    public string More => more;
}

/// <summary>The library's help, and what a command adds to it.</summary>
internal sealed class ToolHelp(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc />
    public override bool ClearsParseErrors => true;

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        help.MaxWidth = 120;
        var exitCode = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ToolCommand command)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(command.More);
        }

        return exitCode;
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace IdentityServer.Maintenance;

/// <summary>A verb that has more to say than its options: formats, examples, exit codes.</summary>
internal sealed class Verb(string name, string description, string more) : Command(name, description)
{
    /// <summary>Stands below the options in the help.</summary>
    public string More => more;
}

/// <summary>The library's help, and what a verb adds to it.</summary>
internal sealed class VerbHelp(HelpAction help) : SynchronousCommandLineAction
{
    private const string Everywhere =
        """
        Configuration:
          Every verb reads the server's configuration: appsettings.json, environment variables (Storage__Provider) and
          keys on the command line (--Storage:DataDirectory=/srv/id, --environment=Production).

        From source:
          dotnet run --project src/IdentityServer -- users import users.jsonl
        """;

    /// <inheritdoc />
    public override bool ClearsParseErrors => true;

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        help.MaxWidth = 120;
        var exitCode = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
        {
            output.WriteLine(verb.More);
            output.WriteLine();
        }

        output.WriteLine(Everywhere);
        return exitCode;
    }
}

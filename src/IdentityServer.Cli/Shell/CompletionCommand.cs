using System.CommandLine;

namespace IdentityServer.Cli.Shell;

/// <summary><c>completion</c>: teaches a shell to complete command lines of this tool, by asking the tool itself.</summary>
internal static class CompletionCommand
{
    private const string Answer = "complete";

    private const string More =
        """
        Write what it prints where your shell reads it:
          bash   idsrv completion bash > ~/.local/share/bash-completion/completions/idsrv
          zsh    idsrv completion zsh  > a file named _idsrv in a folder of $fpath
          fish   idsrv completion fish > ~/.config/fish/completions/idsrv.fish
          pwsh   idsrv completion pwsh >> $PROFILE

        """ + "\n" + ExitCode.Help;

    private static readonly Dictionary<string, string> _scripts = new()
    {
        ["bash"] =
            """
            _idsrv() {
              local IFS=$'\n'
              COMPREPLY=($(compgen -W "$(idsrv complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _idsrv idsrv
            """,
        ["zsh"] =
            """
            #compdef idsrv
            _idsrv() {
              local -a found
              found=("${(@f)$(idsrv complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
              compadd -- $found
            }
            compdef _idsrv idsrv
            """,
        ["fish"] =
            """
            complete -c idsrv -f -a '(idsrv complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
            """,
        ["pwsh"] =
            """
            Register-ArgumentCompleter -Native -CommandName idsrv -ScriptBlock {
              param($word, $ast, $cursor)
              $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
              if ($word -eq '') { $words += '""' }
              idsrv complete -- @words 2>$null | Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    public static Command Describe(ToolContext context)
    {
        var shell = new Argument<string>("SHELL") { Description = "Which shell." };
        shell.AcceptOnlyFromAmong([.. _scripts.Keys]);
        var command = new ToolCommand("completion", "Prints a script that completes command lines: bash, zsh, fish, pwsh.", More) { shell };
        command.SetAction(async (parsed, _) =>
        {
            await context.Console.Out.WriteLineAsync(_scripts[parsed.GetRequiredValue(shell)]);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>What the scripts ask: the words after the program's name, the last of them unfinished and perhaps empty.</summary>
    public static Command DescribeAnswer(ToolContext context)
    {
        var words = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(Answer) { words };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            foreach (var completion in CompletionsOf(Tool.Describe(context), parsed.GetValue(words) ?? []))
            {
                await context.Console.Out.WriteLineAsync(completion);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<string> CompletionsOf(Command root, string[] words)
    {
        string[] finished = words is [.. var before, _] ? before : [];
        var unfinished = words is [.., var last] && last is not "\"\"" ? last : "";
        var typed = string.Join(' ', finished.Select(word => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word).Append(unfinished));
        return root.Parse(typed).GetCompletions(typed.Length)
            .Select(item => item.Label)
            .Where(label => label.StartsWith(unfinished, StringComparison.Ordinal) && label != Answer && !label.StartsWith('/') && label is not ("-?" or "-h"))
            .Where(label => unfinished.Length > 0 || !label.StartsWith('-'))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }
}

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace IdentityServer.Tests.Documentation;

/// <summary>
/// The commands that a document has its reader type: its blocks marked <c>run</c>, in their order, in one shell, as somebody does who reads
/// from top to bottom. What a block is said to answer, in a block marked <c>answer</c>, can be compared.
/// </summary>
/// <param name="Blocks">The blocks by their names.</param>
/// <param name="Answers">What the document shows as answers, by the names of the blocks that they belong to.</param>
internal sealed partial record DocumentScript(IReadOnlyList<(string Name, string Commands)> Blocks, IReadOnlyDictionary<string, string> Answers)
{
    private const string Mark = "==block==";

    public static DocumentScript Of(string document)
    {
        var text = Document.All.Single(candidate => candidate.Name == document).Text;
        return new(
            [.. Block().Matches(text).Where(match => match.Groups["what"].Value == "run").Select(match => (match.Groups["name"].Value, match.Groups["code"].Value))],
            Block().Matches(text).Where(match => match.Groups["what"].Value == "answer").ToDictionary(match => match.Groups["name"].Value, match => match.Groups["code"].Value));
    }

    /// <summary>Runs all blocks in bash, which stops at the first command that fails.</summary>
    /// <param name="folder">Where the reader is.</param>
    /// <param name="variables">What they have set.</param>
    /// <returns>What each block wrote to standard output.</returns>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(string folder, Dictionary<string, string> variables)
    {
        // As a file: commands of a script may read standard input.
        var file = Path.Combine(folder, "script.sh");
        var script = "set -euo pipefail\n" + string.Concat(Blocks.Select(block => $"printf '\\n{Mark}%s\\n' '{block.Name}'\n{block.Commands}\n"));
        var start = new ProcessStartInfo("bash", [file]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["NO_PROXY"] = "*";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var cancel = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(file, script, cancel);
        using var shell = Process.Start(start)!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(cancel), shell.StandardError.ReadToEndAsync(cancel));
        shell.StandardInput.Close();
        await shell.WaitForExitAsync(cancel);
        shell.ExitCode.ShouldBe(0, $"{await output}\n{await error}");
        return (await output).Split(Mark)[1..].Select(part => part.Split('\n', 2)).ToDictionary(part => part[0], part => part[1].Trim());
    }

    [GeneratedRegex(@"<!-- (?<what>run|answer): (?<name>[\w-]+) -->\n```\w*\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}

namespace IdentityServer.Cli.Shell;

/// <summary>Where the tool reads and writes.</summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Results, for people and scripts.</param>
/// <param name="Error">Progress, questions and complaints.</param>
/// <param name="CanAsk">Whether somebody is there to answer a question.</param>
/// <param name="OutIsTerminal">Whether a person watches <paramref name="Out"/>.</param>
internal sealed record ToolConsole(TextReader In, TextWriter Out, TextWriter Error, bool CanAsk, bool OutIsTerminal)
{
    // A secret has fewer characters; a file piped in by mistake should not be read whole.
    private const int LongestLine = 4096;

    /// <summary>The process's own.</summary>
    public static ToolConsole OfProcess() => new(
        Console.In, Console.Out, Console.Error, !Console.IsInputRedirected && !Console.IsErrorRedirected, !Console.IsOutputRedirected);

    /// <summary>The first line of standard input, without its end; null when there is none.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new System.Text.StringBuilder();
        var buffer = new char[1];
        while (await In.ReadAsync(buffer, cancellationToken) == 1 && buffer[0] != '\n' && line.Length <= LongestLine)
        {
            line.Append(buffer[0]);
        }

        return line.ToString().TrimEnd('\r') is { Length: > 0 } text ? text : null;
    }
}

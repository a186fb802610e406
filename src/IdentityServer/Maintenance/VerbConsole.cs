using System.Text;

namespace IdentityServer.Maintenance;

/// <summary>Where a verb reads and writes: the process's console, or a test's.</summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Results, for people and scripts.</param>
/// <param name="Error">Progress, questions and complaints.</param>
/// <param name="RewritesLines">Whether a person watches <paramref name="Error"/>, so that one line can be written over and over.</param>
/// <param name="ReadHidden">Reads a line without showing it; null when nobody can type.</param>
internal sealed record VerbConsole(TextReader In, TextWriter Out, TextWriter Error, bool RewritesLines, Func<string?>? ReadHidden)
{
    // A password has at most 256 characters; a file piped in by mistake should not be read whole.
    private const int LongestLine = 4096;

    /// <summary>The process's own.</summary>
    public static VerbConsole OfProcess() => new(
        Console.In, Console.Out, Console.Error, !Console.IsErrorRedirected, Console.IsInputRedirected ? null : ReadKeys);

    /// <summary>A password: asked for twice where somebody can type, otherwise the first line of standard input.</summary>
    /// <returns>Null when none was given, or when the two differ.</returns>
    public async Task<string?> ReadNewPasswordAsync(CancellationToken cancellationToken)
    {
        if (ReadHidden is null)
        {
            return await ReadLineAsync(cancellationToken);
        }

        await Error.WriteAsync("Password: ");
        var first = ReadHidden();
        await Error.WriteAsync("The same again: ");
        var second = ReadHidden();
        if (first == second)
        {
            return first;
        }

        await Error.WriteLineAsync("The two passwords differ.");
        return null;
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var buffer = new char[1];
        while (await In.ReadAsync(buffer, cancellationToken) == 1 && buffer[0] != '\n' && line.Length <= LongestLine)
        {
            line.Append(buffer[0]);
        }

        if (line.Length > 0 && line[^1] == '\r')
        {
            line.Length--;
        }

        return line.Length > 0 ? line.ToString() : null;
    }

    private static string? ReadKeys()
    {
        var line = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                line.Length = Math.Max(0, line.Length - 1);
            }
            else if (key.KeyChar != '\0' && line.Length <= LongestLine)
            {
                line.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return line.Length > 0 ? line.ToString() : null;
    }
}

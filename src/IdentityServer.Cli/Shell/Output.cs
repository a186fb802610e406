using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace IdentityServer.Cli.Shell;

/// <summary>How a line stands out on a terminal; elsewhere it does not.</summary>
internal enum Tone
{
    Plain,
    Good,
    Bad,
    Quiet,
}

/// <summary>Writes results: for people, or with <c>--json</c> as documents. Messages go to standard error either way.</summary>
internal sealed class Output(ToolContext context, bool json)
{
    private static readonly JsonSerializerOptions _document = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
    private static readonly JsonSerializerOptions _line = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    // https://no-color.org: set to anything but nothing.
    private readonly bool _colours = context.Console.OutIsTerminal && context.Setting("NO_COLOR") is null && context.Setting("TERM") != "dumb";

    /// <summary>Whether scripts read it.</summary>
    public bool Json => json;

    /// <summary>A document, as a script wants it.</summary>
    public Task DocumentAsync(JsonNode? document) => context.Console.Out.WriteLineAsync(document?.ToJsonString(_document) ?? "null");

    /// <summary>One of a stream of documents, on a line of its own.</summary>
    public async Task DocumentLineAsync(JsonNode document)
    {
        await context.Console.Out.WriteLineAsync(document.ToJsonString(_line));
        await context.Console.Out.FlushAsync();
    }

    /// <summary>A line of the result.</summary>
    public Task LineAsync(string line = "", Tone tone = Tone.Plain) => context.Console.Out.WriteLineAsync(Paint(line, tone));

    /// <summary>A message beside the result.</summary>
    public Task SayAsync(string message) => context.Console.Error.WriteLineAsync(message);

    /// <summary>A table with its heads; in its cells stands what somebody else wrote.</summary>
    public async Task TableAsync(IReadOnlyList<string> heads, IReadOnlyCollection<IReadOnlyList<string?>> rows)
    {
        var shown = rows.Select(row => row.Select(cell => Printable.Of(cell) is { Length: > 0 } text ? text : "-").ToArray()).ToArray();
        var widths = heads.Select((head, column) => shown.Select(row => row[column].Length).Append(head.Length).Max()).ToArray();
        await LineAsync(Fitted([.. heads], widths), Tone.Quiet);
        foreach (var row in shown)
        {
            await LineAsync(Fitted(row, widths));
        }
    }

    /// <summary>Facts with their names, one below the other; those without a value are left out.</summary>
    public async Task FactsAsync(params (string Name, string? Value)[] facts)
    {
        var shown = facts.Where(fact => !string.IsNullOrEmpty(fact.Value)).ToArray();
        var width = shown.Select(fact => fact.Name.Length).DefaultIfEmpty().Max();
        foreach (var (name, value) in shown)
        {
            await LineAsync($"{Paint(name.PadRight(width), Tone.Quiet)}  {Printable.Of(value)}");
        }
    }

    /// <summary>Text in the colour of its tone, where there are colours.</summary>
    public string Paint(string text, Tone tone) => (_colours, tone) switch
    {
        (true, Tone.Good) => $"\u001b[32m{text}\u001b[0m",
        (true, Tone.Bad) => $"\u001b[31;1m{text}\u001b[0m",
        (true, Tone.Quiet) => $"\u001b[2m{text}\u001b[0m",
        _ => text,
    };

    private static string Fitted(string[] cells, int[] widths) => string.Join("  ", cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
}

using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace IdentityServer.Portal.Snippets;

/// <summary>
/// The text of a template: <c>{{name}}</c> is a value; lines from <c>{{#flag}}</c> to <c>{{/flag}}</c> are there when the flag is set,
/// from <c>{{^flag}}</c> when it is not.
/// </summary>
internal static partial class SnippetTemplate
{
    private const string Root = "snippets/";

    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    /// <summary>A template as it was built in.</summary>
    public static string Read(string stack, string name) => Texts.GetOrAdd($"{Root}{stack}/{name}", static path =>
    {
        using var stream = typeof(SnippetTemplate).Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"No template {path}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    /// <summary>Fills in values and leaves out lines.</summary>
    /// <param name="text">The template.</param>
    /// <param name="values">What there is to put in.</param>
    /// <param name="literal">Writes a value for the place where it stands; null when that cannot be.</param>
    /// <returns>Null when a value cannot be written there.</returns>
    /// <exception cref="KeyNotFoundException">The template names a value or a flag that does not exist.</exception>
    public static string? Fill(string text, SnippetValues values, Func<string, string?> literal)
    {
        var possible = true;
        var filled = Placeholder().Replace(Choose(text, values), match => // once over, so a value that looks like a placeholder stays one
        {
            var written = literal(values.Texts[match.Groups[1].Value]);
            possible &= written is not null;
            return written ?? "";
        });
        return possible ? filled : null;
    }

    private static string Choose(string text, SnippetValues values)
    {
        var chosen = new List<string>();
        var open = new Stack<bool>();
        foreach (var line in text.Split('\n'))
        {
            switch (Section().Match(line))
            {
                case { Success: true } match when match.Groups["mark"].Value == "/":
                    open.Pop();
                    break;
                case { Success: true } match:
                    open.Push(values.Flags[match.Groups["flag"].Value] == (match.Groups["mark"].Value == "#"));
                    break;
                default:
                    if (!open.Contains(false))
                    {
                        chosen.Add(line);
                    }

                    break;
            }
        }

        return string.Join('\n', chosen);
    }

    [GeneratedRegex(@"\{\{([a-z_]+)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^\s*\{\{(?<mark>[#^/])(?<flag>[a-z_]+)\}\}\s*$")]
    private static partial Regex Section();
}

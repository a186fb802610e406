using System.Globalization;
using System.Text;

namespace IdentityServer.Portal.Snippets;

/// <summary>
/// Writes values for the inside of quotation marks, in the language of the file that they stand in. A <c>client_id</c> and a scope may be
/// made of nearly any visible character and belong to whoever registered them; what is copied from the portal is run with somebody's
/// rights, so no value may end the literal that it stands in, or be read by the language as anything but itself.
/// </summary>
internal static class SnippetLiterals
{
    // What no language here gives a meaning within quotation marks. Neither quote, backslash, backtick, dollar nor brace is among them.
    private const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -._~:/?@=&+,;!()*[]%";

    /// <summary>A value between single quotes of a POSIX shell.</summary>
    public static string Shell(string value) => value.Replace("'", @"'\''", StringComparison.Ordinal);

    /// <summary>A value between the quotes that its template puts round it.</summary>
    /// <param name="file">The file's name: its extension tells the language.</param>
    /// <param name="value">What is to be read by the program.</param>
    /// <returns>Null when the language has no way to write it.</returns>
    /// <exception cref="ArgumentException">Files of this kind take no values.</exception>
    public static string? For(string file, string value) => Path.GetExtension(file) switch
    {
        ".sh" => Shell(value),
        ".cs" or ".py" or ".go" => Escape(value, Wide),
        ".js" or ".jsx" or ".ts" or ".tsx" or ".json" => Escape(value, Utf16),
        ".php" => Escape(value, Braced),

        // Spring puts properties in place of ${...} and knows no escape in front of them that all its versions heed.
        ".yml" => value.Contains("${", StringComparison.Ordinal) ? null : Escape(value, Wide),
        ".cfg" => Escape(value, Wide), // TOML
        ".conf" => Directive(value),
        var other => throw new ArgumentException($"No values belong in a {other} file.", nameof(file)),
    };

    private static string Escape(string value, Func<Rune, string> escaped)
    {
        var text = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            text.Append(rune.IsAscii && Plain.Contains((char)rune.Value, StringComparison.Ordinal) ? rune.ToString() : escaped(rune));
        }

        return text.ToString();
    }

    private static string Wide(Rune rune) => rune.IsBmp ? Hex(rune.Value) : $@"\U{rune.Value:X8}";

    private static string Utf16(Rune rune) => string.Concat(rune.ToString().Select(unit => Hex(unit)));

    private static string Braced(Rune rune) => string.Create(CultureInfo.InvariantCulture, $@"\u{{{rune.Value:X}}}");

    private static string Hex(int value) => string.Create(CultureInfo.InvariantCulture, $@"\u{value:X4}");

    // Apache reads its file line by line, joins lines at a backslash, and puts variables in place of ${...}, for which there is no escape.
    private static string? Directive(string value) =>
        value.Any(char.IsControl) || value.Contains("${", StringComparison.Ordinal)
            ? null
            : value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}

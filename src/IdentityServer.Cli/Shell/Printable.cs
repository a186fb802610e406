using System.Globalization;

namespace IdentityServer.Cli.Shell;

/// <summary>
/// Makes text fit for a terminal. What a client's log shows was sent by anybody, and a terminal obeys what control characters tell it; a
/// character that turns the writing direction makes an address look like another.
/// </summary>
internal static class Printable
{
    /// <summary>The text on one line, with each such character shown as its number.</summary>
    public static string Of(string? text) => string.IsNullOrEmpty(text) ? "" : string.Concat(text.Select(Shown));

    private static string Shown(char character) => char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
        : character.ToString();
}

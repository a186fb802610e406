using System.Globalization;
using System.Text;

namespace IdentityServer.Mail;

/// <summary>Makes text that came from outside safe to stand inside a sentence or a header.</summary>
internal static class OneLine
{
    /// <summary>
    /// One line of visible text: control characters and line separators become blanks, invisible ones (zero width, direction
    /// overrides) vanish, and <c>://</c> loses what makes programs turn it into a link. Cut between characters, never inside one.
    /// </summary>
    /// <param name="value">Any text.</param>
    /// <param name="max">The longest result, in UTF-16 units.</param>
    public static string Of(string? value, int max)
    {
        var line = new StringBuilder();
        foreach (var rune in (value ?? "").EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned:
                    break;
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator:
                    if (line.Length > 0 && line[^1] != ' ')
                    {
                        line.Append(' ');
                    }

                    break;
                default:
                    line.Append(rune.ToString());
                    break;
            }
        }

        return Cut(line.ToString().Replace("://", " ", StringComparison.Ordinal).Trim(), max);
    }

    private static string Cut(string text, int max)
    {
        if (text.Length <= max)
        {
            return text;
        }

        var end = 0;
        while (end < text.Length)
        {
            var next = end + StringInfo.GetNextTextElementLength(text, end);
            if (next > max)
            {
                break;
            }

            end = next;
        }

        return text[..end].TrimEnd();
    }
}

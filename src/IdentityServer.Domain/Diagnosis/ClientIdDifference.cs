namespace IdentityServer.Domain.Diagnosis;

/// <summary>
/// Which client was meant by a <c>client_id</c> that nobody has. It must be like exactly one: an entry in the wrong client's log would tell
/// its owner of somebody else's affairs.
/// </summary>
/// <param name="ClientId">The one that was meant.</param>
/// <param name="Kind">What is different: a stable name, for rows.</param>
public sealed record ClientIdDifference(string ClientId, string Kind)
{
    /// <summary>Letter case.</summary>
    public const string Case = "case";

    /// <summary>Blanks or line ends.</summary>
    public const string Whitespace = "whitespace";

    /// <summary>Quotation marks around it.</summary>
    public const string Quotes = "quotes";

    /// <summary>It is percent-encoded.</summary>
    public const string PercentEncoding = "percent_encoding";

    /// <summary>The end is missing.</summary>
    public const string CutOff = "cut_off";

    /// <summary>At most two characters are wrong, missing or too many.</summary>
    public const string Mistyped = "mistyped";

    // Shorter ones are like one another without being meant.
    private const int ShortestMistyped = 8;
    private const int MostMistakes = 2;

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<string> All { get; } = [Case, Whitespace, Quotes, PercentEncoding, CutOff, Mistyped];

    /// <summary>Finds the one that was meant.</summary>
    /// <param name="received">What came; nobody has it.</param>
    /// <param name="known">Those that there are.</param>
    /// <returns>Null when it is like none, or like several in the same way.</returns>
    public static ClientIdDifference? Find(string received, IReadOnlyCollection<string> known)
    {
        ArgumentNullException.ThrowIfNull(received);
        ArgumentNullException.ThrowIfNull(known);
        if (received.Length is 0 or > 300)
        {
            return null;
        }

        var bare = string.Concat(received.Where(c => !char.IsWhiteSpace(c)));
        var unquoted = bare.Trim('"', '\'', '`');
        var decoded = Uri.UnescapeDataString(received.Replace('+', ' '));
        return Only(known, Whitespace, id => id == bare)
            ?? Only(known, Quotes, id => id == unquoted)
            ?? Only(known, PercentEncoding, id => id == decoded || id == Uri.UnescapeDataString(received))
            ?? Only(known, Case, id => string.Equals(id, bare, StringComparison.OrdinalIgnoreCase))
            ?? Only(known, CutOff, id => bare.Length >= ShortestMistyped && bare.Length * 2 >= id.Length && id.StartsWith(bare, StringComparison.Ordinal))
            ?? Only(known, Mistyped, id => id.Length >= ShortestMistyped && IsWithin(bare, id, MostMistakes));
    }

    private static ClientIdDifference? Only(IReadOnlyCollection<string> known, string kind, Func<string, bool> fits)
    {
        var found = known.Where(fits).Take(2).ToList();
        return found.Count == 1 ? new(found[0], kind) : null;
    }

    /// <summary>Whether one text becomes the other by at most so many characters put in, taken out or replaced (Levenshtein's distance).</summary>
    internal static bool IsWithin(string one, string other, int most)
    {
        if (Math.Abs(one.Length - other.Length) > most)
        {
            return false;
        }

        var previous = Enumerable.Range(0, other.Length + 1).ToArray();
        var current = new int[other.Length + 1];
        for (var i = 1; i <= one.Length; i++)
        {
            current[0] = i;
            var least = i;
            for (var j = 1; j <= other.Length; j++)
            {
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                least = Math.Min(least, current[j]);
            }

            if (least > most)
            {
                return false;
            }

            (previous, current) = (current, previous);
        }

        return previous[other.Length] <= most;
    }
}

using System.Collections.Frozen;
using System.Globalization;

namespace IdentityServer.Domain.Clients;

/// <summary>What the rules for metadata have in common: each adds a problem when its rule is broken.</summary>
internal static class MetadataChecks
{
    /// <summary>The most entries of a list.</summary>
    public const int MaxListed = 50;

    /// <summary>A link in full.</summary>
    public static void Link(string field, string? value, bool loopbackHttp, List<MetadataProblem> problems)
    {
        if (value is not null && UriRules.FirstBrokenLink(value, loopbackHttp) is { } fault)
        {
            problems.Add(new(field, fault.Rule, fault.Mend));
        }
    }

    /// <summary>One of a few values; a refused one is told why.</summary>
    public static void Choice(
        string field, string? value, IReadOnlyList<string> choices, FrozenDictionary<string, string>? refused, List<MetadataProblem> problems)
    {
        if (value is not null && !choices.Contains(value, StringComparer.Ordinal))
        {
            var mend = refused is not null && refused.TryGetValue(value, out var reason) ? reason : $"Use {string.Join(", ", choices)}.";
            problems.Add(new(field, $"is \"{Shown(value)}\", which is not offered", mend));
        }
    }

    /// <summary>Not endless.</summary>
    public static void Count(string field, IReadOnlyList<string> values, List<MetadataProblem> problems)
    {
        if (values.Count > MaxListed)
        {
            problems.Add(new(field, $"has more than {MaxListed} entries", "Leave out what is not used."));
        }
    }

    /// <summary>A short text that shows what it says.</summary>
    public static void Text(string field, string? value, int maxLength, List<MetadataProblem> problems)
    {
        if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Length > maxLength || value.Any(Misleads)))
        {
            problems.Add(new(
                field,
                $"is not 1 to {maxLength} characters of plain text",
                "Leave out line breaks, control characters and marks that turn the direction of writing."));
        }
    }

    // What is invisible or turns text round makes one name look like another. Joiners (U+200C, U+200D) belong to scripts and stay.
    private static bool Misleads(char c) =>
        c is not ('\u200C' or '\u200D')
        && char.GetUnicodeCategory(c) is UnicodeCategory.Control
            or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned;

    /// <summary>RFC 6749 §3.3: visible ASCII without quote and backslash; of a length that a page can show.</summary>
    public static bool IsScopeName(string name) => name.Length is > 0 and <= 100 && !name.Any(c => c is < '!' or '"' or '\\' or > '~');

    /// <summary>A value as a message may show it.</summary>
    public static string Shown(string value) => string.Concat(value.Take(64).Select(c => c is >= ' ' and <= '~' ? c : '?'));
}

using System.Globalization;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal;

/// <summary>Brings what the rules find wrong to the fields in which it was typed.</summary>
internal static class FieldProblems
{
    private const int LongestEntry = 100;

    /// <summary>The entries of a field that takes one for each line.</summary>
    public static IReadOnlyList<string> Lines(string? text) =>
        (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whether a problem is about a member, or an entry of it.</summary>
    public static bool IsOf(MetadataProblem problem, string member) =>
        problem.Field == member || problem.Field.StartsWith(member + "[", StringComparison.Ordinal);

    /// <summary>What is wrong with a member, a sentence each. An entry of a list is quoted: nobody counts lines.</summary>
    /// <param name="problems">All that is wrong.</param>
    /// <param name="member">The member.</param>
    /// <param name="entries">What was typed, for a list.</param>
    public static IReadOnlyList<string> Of(IEnumerable<MetadataProblem> problems, string member, IReadOnlyList<string> entries) =>
        [.. problems.Where(problem => IsOf(problem, member)).Select(problem => Say(problem, member, entries))];

    private static string Say(MetadataProblem problem, string member, IReadOnlyList<string> entries)
    {
        var index = problem.Field.Length > member.Length
            && int.TryParse(problem.Field.AsSpan(member.Length + 1).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : -1;
        if (index < 0 || index >= entries.Count)
        {
            return problem.ToString();
        }

        var entry = entries[index];
        return $"{(entry.Length <= LongestEntry ? entry : entry[..LongestEntry] + "…")} {problem.Rule}. {problem.Mend}";
    }
}

using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Charts;

/// <summary>Why requests failed: a bar for each of the most frequent reasons, and all reasons in the table.</summary>
internal static class FailureChart
{
    /// <summary>The most reasons that have a bar of their own.</summary>
    public const int MostBars = 8;

    /// <summary>Draws it.</summary>
    public static Chart Of(Words words, ActivityHistory history)
    {
        var title = words["client-activity.failures"];
        var reasons = history.Kinds.Where(kind => kind.StartsWith(ActivityKinds.FailurePrefix, StringComparison.Ordinal))
            .Select(kind => (Code: kind[ActivityKinds.FailurePrefix.Length..], Count: history.Total(kind)))
            .OrderByDescending(reason => reason.Count).ThenBy(reason => reason.Code, StringComparer.Ordinal).ToList();
        var total = Chart.Number(words, reasons.Sum(reason => reason.Count));
        var summary = reasons.Count == 0
            ? words["client-activity.failures.none"]
            : words.Say("client-activity.failures.summary", ("total", total), ("code", reasons[0].Code));
        return new(
            "failures",
            title,
            summary,
            reasons.Count == 0 ? null : BarRows.Draw(words.Language, Bars(words, reasons), "failures", title, summary, "bar failed"),
            [words["client-activity.reason"], words["client-activity.count"]],
            [.. reasons.Select(reason => (string[])[reason.Code, Chart.Number(words, reason.Count)])]);
    }

    private static List<BarRow> Bars(Words words, List<(string Code, long Count)> reasons)
    {
        var bars = reasons.Take(MostBars).Select(reason => new BarRow(reason.Code, reason.Count, Chart.Number(words, reason.Count))).ToList();
        if (reasons.Skip(MostBars).Sum(reason => reason.Count) is > 0 and var others)
        {
            bars.Add(new(words["client-activity.failures.others"], others, Chart.Number(words, others)));
        }

        return bars;
    }
}

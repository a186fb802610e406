using System.Globalization;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Charts;

/// <summary>How long this server took to answer token requests: the share of each step, and the times within which half and most were answered.</summary>
internal static class LatencyChart
{
    private const double Half = .5;
    private const double Most = .95;

    /// <summary>Draws it.</summary>
    public static Chart Of(Words words, ActivityHistory history)
    {
        var title = words["client-activity.latency"];
        var counts = LatencyBuckets.Ends
            .Select(end => history.Total(ActivityKinds.LatencyPrefix + end.ToString(CultureInfo.InvariantCulture))).ToList();
        var total = counts.Sum();
        var rows = counts.Select((count, step) => (Name: Name(words, step), Count: count, Share: total == 0 ? (double?)null : (double)count / total)).ToList();
        var summary = total == 0
            ? words["client-activity.nothing"]
            : words.Say("client-activity.latency.summary", ("half", Quantile(words, counts, Half)), ("most", Quantile(words, counts, Most)));
        return new(
            "latency",
            title,
            summary,
            total == 0 ? null : BarRows.Draw(
                words.Language, [.. rows.Select(row => new BarRow(row.Name, row.Count, Chart.Share(words, row.Share)))], "latency", title, summary),
            [words["client-activity.time"], words["client-activity.count"], words["client-activity.share"]],
            [.. rows.Select(row => (string[])[row.Name, Chart.Number(words, row.Count), Chart.Share(words, row.Share)])]);
    }

    private static string Quantile(Words words, List<long> counts, double share) =>
        Name(words, LatencyBuckets.Ends.ToList().IndexOf(LatencyBuckets.Quantile(counts, share)!.Value));

    // The last step has no end: what takes longer counts there, too.
    private static string Name(Words words, int step) => step == LatencyBuckets.Ends.Count - 1
        ? words.Say("client-activity.latency.over", ("milliseconds", Chart.Number(words, LatencyBuckets.Ends[step - 1])))
        : words.Say("client-activity.latency.up-to", ("milliseconds", Chart.Number(words, LatencyBuckets.Ends[step])));
}

using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Charts;

/// <summary>How far sign-ins come: its steps in their order, and how many go on from one to the next.</summary>
internal static class FunnelChart
{
    /// <summary>Draws it.</summary>
    public static Chart Of(Words words, ActivityHistory history)
    {
        var title = words["client-activity.funnel"];
        string[] names =
        [
            words["client-activity.funnel.asked"], words["client-activity.funnel.mailed"], words["client-activity.funnel.entered"], words["client-activity.funnel.granted"],
            words["client-activity.funnel.completed"],
        ];
        var steps = ActivityKinds.Funnel.Select(history.Total).ToList();
        var summary = words.Say("client-activity.funnel.summary", ("asked", Chart.Number(words, steps[0])), ("completed", Chart.Number(words, steps[^1])));
        var rows = steps.Select((count, step) => (Name: names[step], Count: count, Share: step == 0 ? null : GoesOn(steps[step - 1], count))).ToList();
        var empty = steps.TrueForAll(count => count == 0);
        return new(
            "funnel",
            title,
            empty ? words["client-activity.nothing"] : summary,
            empty ? null : BarRows.Draw(
                words.Language,
                [.. rows.Select(row => new BarRow(row.Name, row.Count, Figure(words, row.Count, row.Share)))],
                "funnel", title, summary),
            [words["client-activity.step"], words["client-activity.count"], words["client-activity.goes-on"]],
            [.. rows.Select(row => (string[])[row.Name, Chart.Number(words, row.Count), Chart.Share(words, row.Share)])]);
    }

    /// <summary>
    /// The share that goes on from a step to the next; null where there is none to tell: nobody was there, or more came than were there, as
    /// those who are signed in already come without being asked.
    /// </summary>
    public static double? GoesOn(long before, long now) => before == 0 || now > before ? null : (double)now / before;

    private static string Figure(Words words, long count, double? share) =>
        share is null ? Chart.Number(words, count) : $"{Chart.Number(words, count)} · {Chart.Share(words, share)}";
}

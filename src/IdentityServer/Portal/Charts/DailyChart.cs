using IdentityServer.Diagnostics;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Charts;

/// <summary>How often something happened on each day: a column for each, today's at the end.</summary>
internal static class DailyChart
{
    private const double Top = 20;
    private const double PlotHeight = 140;
    private const double Height = 186;

    // What happened at all is seen, however much more happened on other days.
    private const double LeastHeight = 2;

    /// <summary>Draws it.</summary>
    /// <param name="words">The language.</param>
    /// <param name="history">The days.</param>
    /// <param name="kind">What is counted.</param>
    /// <param name="title">What the chart is called.</param>
    public static Chart Of(Words words, ActivityHistory history, string kind, string title)
    {
        var counts = history.Daily(kind);
        var summary = words.Say(
            "client-activity.days.summary", ("total", Chart.Number(words, counts.Sum())), ("most", Chart.Number(words, counts.Max())), ("day", Day(words, history, Busiest(counts))));
        return new(
            "days",
            title,
            counts.Sum() == 0 ? words["client-activity.nothing"] : summary,
            counts.Sum() == 0 ? null : Draw(words, history, counts).ToHtml("days", title, summary, Height),
            [words["client-activity.day"], words["client-activity.count"]],
            [.. Enumerable.Range(0, counts.Count).Reverse().Select(day => (string[])[Day(words, history, day), Chart.Number(words, counts[day])])]);
    }

    /// <summary>The least of 1, 2, 5, 10, 20, 50 and so on that holds a number: where the scale ends.</summary>
    public static long Ceiling(long most)
    {
        for (var decade = 1L; ; decade *= 10)
        {
            foreach (var step in (long[])[1, 2, 5])
            {
                if (step * decade >= most)
                {
                    return step * decade;
                }
            }
        }
    }

    private static SvgCanvas Draw(Words words, ActivityHistory history, IReadOnlyList<long> counts)
    {
        var canvas = new SvgCanvas(words.Language);
        var ceiling = Ceiling(counts.Max());
        var slot = SvgCanvas.Width / counts.Count;
        canvas.Say(0, Top - 6, Chart.Number(words, ceiling));
        canvas.Rule(Top);
        for (var day = 0; day < counts.Count; day++)
        {
            if (counts[day] > 0)
            {
                var height = Math.Max(LeastHeight, PlotHeight * counts[day] / ceiling);
                canvas.Bar((day * slot) + (slot * .1), Top + PlotHeight - height, slot * .8, height);
            }
        }

        canvas.Rule(Top + PlotHeight);
        canvas.Say(0, Top + PlotHeight + 20, Day(words, history, 0));
        canvas.Say(SvgCanvas.Width, Top + PlotHeight + 20, Day(words, history, counts.Count - 1), ends: true);
        return canvas;
    }

    private static int Busiest(IReadOnlyList<long> counts) => Enumerable.Range(0, counts.Count).MaxBy(day => counts[day]);

    private static string Day(Words words, ActivityHistory history, int day) =>
        words.Day(new(history.First.AddDays(day), TimeOnly.MinValue, TimeSpan.Zero));
}

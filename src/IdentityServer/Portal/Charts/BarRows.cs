using IdentityServer.Languages;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Portal.Charts;

/// <summary>One row of bars that lie: what it is, and beneath it the bar with its number.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Count">How long the bar is, among the others.</param>
/// <param name="Figure">What stands beside the bar.</param>
internal sealed record BarRow(string Name, long Count, string Figure);

/// <summary>Bars that lie, one beneath the other: for names that need room.</summary>
internal static class BarRows
{
    private const double RowHeight = 46;
    private const double BarHeight = 12;

    // The rest is for the figure.
    private const double Longest = 68;

    /// <summary>Draws them.</summary>
    /// <param name="language">The language.</param>
    /// <param name="rows">From the top.</param>
    /// <param name="id">What the names of its parts begin with.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="summary">What it says.</param>
    /// <param name="kind">The bars' class.</param>
    public static IHtmlContent Draw(Language language, IReadOnlyList<BarRow> rows, string id, string title, string summary, string kind = "bar")
    {
        var canvas = new SvgCanvas(language);
        var most = Math.Max(1, rows.Max(row => row.Count));
        for (var index = 0; index < rows.Count; index++)
        {
            var (top, width) = (index * RowHeight, Longest * rows[index].Count / most);
            canvas.Say(0, top + 16, rows[index].Name);
            canvas.Bar(0, top + 22, Longest, BarHeight, "track");
            if (width > 0)
            {
                canvas.Bar(0, top + 22, width, BarHeight, kind);
            }

            canvas.Say(Longest, top + 22 + BarHeight - 1, rows[index].Figure, gap: 8);
        }

        return canvas.ToHtml(id, title, summary, rows.Count * RowHeight);
    }
}

using System.Globalization;
using System.Text;
using IdentityServer.Languages;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Portal.Charts;

/// <summary>
/// Draws a picture that needs neither script nor style attribute. What lies along the line is in percent of the width, and what lies across
/// it in pixels: so the picture fits a phone, and its letters keep the size of the page's. Colours come from classes in <c>portal.css</c>. In
/// a language that is written from right to left everything is mirrored.
/// </summary>
/// <param name="language">The language of the words in it.</param>
internal sealed class SvgCanvas(Language language)
{
    /// <summary>The whole width, in percent.</summary>
    public const double Width = 100;

    private readonly StringBuilder _parts = new();

    /// <summary>A bar.</summary>
    /// <param name="start">Where it begins, in percent of the width.</param>
    /// <param name="top">Its upper edge, in pixels.</param>
    /// <param name="width">In percent.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="kind">Its class.</param>
    public void Bar(double start, double top, double width, double height, string kind = "bar")
    {
        var left = language.RightToLeft ? Width - start - width : start;
        _parts.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{left:0.##}%\" y=\"{top:0.##}\" width=\"{width:0.##}%\" height=\"{height:0.##}\"/>");
    }

    /// <summary>Words.</summary>
    /// <param name="at">Where they begin, in percent; or where they end.</param>
    /// <param name="baseline">In pixels.</param>
    /// <param name="text">The words.</param>
    /// <param name="gap">Pixels to keep away from the place.</param>
    /// <param name="ends">They end there.</param>
    public void Say(double at, double baseline, string text, double gap = 0, bool ends = false)
    {
        var (x, dx) = language.RightToLeft ? (Width - at, -gap) : (at, gap);
        _parts.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}%\" y=\"{baseline:0.##}\"");
        if (gap != 0)
        {
            _parts.Append(CultureInfo.InvariantCulture, $" dx=\"{dx:0.##}\"");
        }

        _parts.Append(ends ? " text-anchor=\"end\">" : ">").Append(ReadableHtml.Encoder.Encode(text)).Append("</text>");
    }

    /// <summary>A line from end to end.</summary>
    /// <param name="y">In pixels.</param>
    public void Rule(double y) =>
        _parts.Append(CultureInfo.InvariantCulture, $"<line class=\"rule\" x1=\"0\" x2=\"100%\" y1=\"{y:0.##}\" y2=\"{y:0.##}\"/>");

    /// <summary>The picture.</summary>
    /// <param name="id">What the names of its parts begin with.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="description">What it says, for those who cannot see it.</param>
    /// <param name="height">In pixels.</param>
    public IHtmlContent ToHtml(string id, string title, string description, double height) => new HtmlString(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        <svg class="picture" role="img" aria-labelledby="{id}-title {id}-says" width="100%" height="{height:0.##}"><title id="{id}-title">{ReadableHtml.Encoder.Encode(title)}</title><desc id="{id}-says">{ReadableHtml.Encoder.Encode(description)}</desc>{_parts}</svg>
        """));
}

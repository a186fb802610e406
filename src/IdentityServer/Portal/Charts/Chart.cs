using IdentityServer.Languages;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Portal.Charts;

/// <summary>Numbers as a picture, and the same numbers as a table for those who cannot see it, or want them.</summary>
/// <param name="Id">What its parts are named by; one of its kind on a page.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Summary">What it says, in a sentence.</param>
/// <param name="Picture">The picture; null when there is nothing to draw.</param>
/// <param name="Heads">The table's heads.</param>
/// <param name="Rows">The table's rows, each as long as the heads.</param>
internal sealed record Chart(
    string Id, string Title, string Summary, IHtmlContent? Picture, IReadOnlyList<string> Heads, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>A number as the language writes it.</summary>
    public static string Number(Words words, long number) => number.ToString("N0", words.Language.Culture);

    /// <summary>A share as the language writes it; nothing for none.</summary>
    /// <param name="words">The language.</param>
    /// <param name="share">Between 0 and 1.</param>
    public static string Share(Words words, double? share) => share?.ToString("P0", words.Language.Culture) ?? "";
}

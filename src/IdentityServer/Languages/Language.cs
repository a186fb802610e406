using System.Globalization;

namespace IdentityServer.Languages;

/// <summary>The plural categories of CLDR; a language uses some of them, and always <see cref="Other"/>.</summary>
internal enum PluralForm
{
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

/// <summary>A language that every page and mail is there in.</summary>
/// <param name="Tag">Its tag (BCP 47).</param>
/// <param name="OwnName">What it calls itself.</param>
/// <param name="RightToLeft">Whether it is written from right to left.</param>
/// <param name="Plural">Which form goes with a whole number, by CLDR's cardinal rules (as far as our numbers go: below a million).</param>
internal sealed record Language(string Tag, string OwnName, bool RightToLeft, Func<int, PluralForm> Plural)
{
    /// <summary>What it formats dates with.</summary>
    public CultureInfo Culture { get; } = CultureInfo.GetCultureInfo(Tag);

    /// <summary>The value of HTML's <c>dir</c>.</summary>
    public string Direction => RightToLeft ? "rtl" : "ltr";

    /// <summary>The forms it has, each with a number that takes it.</summary>
    public IReadOnlySet<PluralForm> Forms => Enumerable.Range(0, 200).Select(Plural).Append(PluralForm.Other).ToHashSet();

    /// <inheritdoc />
    public override string ToString() => Tag;
}

using Microsoft.Net.Http.Headers;

namespace IdentityServer.Languages;

/// <summary>The languages there are, and how a wish becomes one of them.</summary>
internal static class SupportedLanguages
{
    // A header is free text from outside: nobody speaks more languages than this.
    private const int MostWishes = 20;
    private const int LongestWish = 1_024;

    /// <summary>What is spoken to whoever wishes for none of the others.</summary>
    public static Language Default { get; } = new("en", "English", RightToLeft: false, OneIsOne);

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<Language> All { get; } =
    [
        Default,
        new("it", "Italiano", RightToLeft: false, OneIsOne),
        new("de", "Deutsch", RightToLeft: false, OneIsOne),
        new("fr", "Français", RightToLeft: false, NoneIsOne),
        new("es", "Español", RightToLeft: false, OneIsOne),
        new("pt", "Português", RightToLeft: false, NoneIsOne),
        new("ar", "العربية", RightToLeft: true, Arabic),
    ];

    /// <summary>The language with exactly this tag.</summary>
    public static Language? Find(string? tag) => All.FirstOrDefault(language => language.Tag.Equals(tag, StringComparison.OrdinalIgnoreCase));

    /// <summary>The first wish that can be met. <c>de-AT</c> is met by <c>de</c> (lookup, RFC 4647 §3.4).</summary>
    public static Language? Match(IEnumerable<string> tags)
    {
        foreach (var tag in tags.Take(MostWishes))
        {
            for (var range = tag; range.Length > 0; range = range[..Math.Max(0, range.LastIndexOf('-'))])
            {
                if (Find(range) is { } language)
                {
                    return language;
                }
            }
        }

        return null;
    }

    /// <summary>From <c>ui_locales</c> (OpenID Connect Core §3.1.2.1): tags in order of preference, separated by blanks.</summary>
    public static Language? FromUiLocales(string? uiLocales) =>
        uiLocales is { Length: > 0 and <= LongestWish } ? Match(uiLocales.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : null;

    /// <summary>From <c>Accept-Language</c> (RFC 9110 §12.5.4): tags with weights.</summary>
    public static Language? FromAcceptLanguage(string? header) =>
        header is { Length: > 0 and <= LongestWish } && StringWithQualityHeaderValue.TryParseList([header], out var wishes)
            ? Match(wishes.Where(wish => wish.Quality is not 0).OrderByDescending(wish => wish.Quality ?? 1).Select(wish => wish.Value.Value ?? ""))
            : null;

    private static PluralForm OneIsOne(int count) => count == 1 ? PluralForm.One : PluralForm.Other;

    private static PluralForm NoneIsOne(int count) => count is 0 or 1 ? PluralForm.One : PluralForm.Other;

    private static PluralForm Arabic(int count) => (count, count % 100) switch
    {
        (0, _) => PluralForm.Zero,
        (1, _) => PluralForm.One,
        (2, _) => PluralForm.Two,
        (_, >= 3 and <= 10) => PluralForm.Few,
        (_, >= 11) => PluralForm.Many,
        _ => PluralForm.Other,
    };
}

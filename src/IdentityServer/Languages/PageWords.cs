using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityServer.Languages;

/// <summary>
/// The words of the page under way. The language is the client's wish (<c>ui_locales</c>), or else the account's once a page knows it, or
/// else the browser's.
/// </summary>
internal sealed class PageWords
{
    /// <summary>The query parameter that carries the client's wish from page to page.</summary>
    public const string UiLocales = "ui_locales";

    private readonly Language? _wished;
    private Words _words;

    private PageWords(HttpRequest request)
    {
        // An error page stands for the request that failed, and has lost its query.
        var query = request.HttpContext.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalQueryString is { Length: > 0 } original
            ? new QueryCollection(QueryHelpers.ParseQuery(original))
            : request.Query;
        _wished = SupportedLanguages.FromUiLocales(query[UiLocales]);
        _words = Words.In(_wished ?? SupportedLanguages.FromAcceptLanguage(request.Headers.AcceptLanguage) ?? SupportedLanguages.Default);
    }

    /// <summary>The words.</summary>
    public Words Words => _words;

    /// <summary>The language.</summary>
    public Language Language => _words.Language;

    /// <summary>The client's wish, if it can be met.</summary>
    public Language? Wished => _wished;

    /// <inheritdoc cref="Words.this" />
    public string this[string key] => _words[key];

    /// <summary>The words of a request's pages.</summary>
    public static PageWords Of(HttpContext context)
    {
        if (context.Features.Get<PageWords>() is not { } words)
        {
            words = new(context.Request);
            context.Features.Set(words);
        }

        return words;
    }

    /// <summary>Speaks the account's language, where no client wished for one and the account's can be met.</summary>
    /// <param name="locale">The account's <c>locale</c>, or the tag of a language that was chosen before.</param>
    public void Prefer(string? locale)
    {
        if (_wished is null && locale is { Length: > 0 } && SupportedLanguages.Match([locale.Replace('_', '-')]) is { } language)
        {
            _words = Words.In(language);
        }
    }

    /// <inheritdoc cref="Words.Say" />
    public string Say(string key, params ReadOnlySpan<(string Name, object Value)> values) => _words.Say(key, values);

    /// <inheritdoc cref="Words.Html" />
    public IHtmlContent Html(string key, params ReadOnlySpan<(string Name, object Value)> values) => _words.Html(key, values);
}

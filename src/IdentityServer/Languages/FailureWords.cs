using IdentityServer.Domain.Diagnosis;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Languages;

/// <summary>
/// A failed request in words: what happened, and what to do. The portal says it in the person's language, the API and the CLI in English.
/// </summary>
/// <param name="words">The words of the language.</param>
/// <param name="code">A code of <see cref="FailureCodes"/>, or one that a newer version wrote.</param>
/// <param name="details">The facts that the entry holds.</param>
internal sealed class FailureWords(Words words, string code, IReadOnlyDictionary<string, string> details)
{
    private const string Difference = "difference";

    private readonly string _key = FailureCatalogue.Find(code) is null ? "failure.unknown" : $"failure.{code}";

    private readonly (string Name, object Value)[] _values =
    [
        ("code", code),
        .. (FailureCatalogue.Find(code)?.Details ?? []).Select(name => (name, (object)ValueOf(words, name, details.GetValueOrDefault(name)))),
    ];

    /// <summary>What happened, in one sentence.</summary>
    public string Sentence => words.Say(_key, _values);

    /// <summary>The same for a page.</summary>
    public IHtmlContent SentenceHtml => words.Html(_key, _values);

    /// <summary>What to do.</summary>
    public string Mend => words.Say($"{_key}.mend", _values);

    /// <summary>The same for a page.</summary>
    public IHtmlContent MendHtml => words.Html($"{_key}.mend", _values);

    // The kind of a difference is kept as a name, and said in the reader's language.
    private static string ValueOf(Words words, string name, string? value) => value switch
    {
        null or "" => "-",
        _ when name == Difference && words.Texts.TryGetValue($"failure.{Difference}.{value}", out var text) => text.Plain,
        _ => value,
    };
}

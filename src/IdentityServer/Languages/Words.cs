using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Languages;

/// <summary>Every text of one language. They are files beside this class, so that a translator has one folder to read.</summary>
internal sealed class Words
{
    private static readonly ConcurrentDictionary<Language, Words> _loaded = new();

    private readonly Dictionary<string, Text> _texts;

    private Words(Language language)
    {
        Language = language;
        _texts = Load(language);
    }

    /// <summary>The language.</summary>
    public Language Language { get; }

    /// <summary>The texts by key.</summary>
    public IReadOnlyDictionary<string, Text> Texts => _texts;

    /// <summary>A text without values.</summary>
    public string this[string key] => Find(key).Plain;

    /// <summary>The words of a language.</summary>
    public static Words In(Language language) => _loaded.GetOrAdd(language, static language => new Words(language));

    /// <summary>The words of the language with a tag, or else of the default: for what was stored with a language that is gone.</summary>
    public static Words In(string? tag) => In(SupportedLanguages.Find(tag) ?? SupportedLanguages.Default);

    /// <summary>A text with values, plain.</summary>
    /// <exception cref="ArgumentException">There is no such text, or a value that it needs is missing.</exception>
    public string Say(string key, params ReadOnlySpan<(string Name, object Value)> values) => Find(key).Say(Language, values);

    /// <summary>A text with values as HTML, all of it encoded.</summary>
    /// <exception cref="ArgumentException">There is no such text, or a value that it needs is missing.</exception>
    public IHtmlContent Html(string key, params ReadOnlySpan<(string Name, object Value)> values) => new HtmlString(Find(key).Html(Language, values));

    /// <summary>A span in words, rounded up: seconds under two minutes, then minutes, hours, and days from two days on.</summary>
    public string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => Say("time.seconds", (Text.Count, (int)Math.Ceiling(Math.Max(1, span.TotalSeconds)))),
        { TotalMinutes: < 120 } => Say("time.minutes", (Text.Count, (int)Math.Ceiling(span.TotalMinutes))),
        { TotalHours: < 48 } => Say("time.hours", (Text.Count, (int)Math.Ceiling(span.TotalHours))),
        _ => Say("time.days", (Text.Count, (int)Math.Ceiling(span.TotalDays))),
    };

    /// <summary>Hours and minutes of a moment, in UTC: nobody's own time zone is known here.</summary>
    public string Clock(DateTimeOffset moment) =>
        Say("time.clock", ("time", moment.ToUniversalTime().ToString("HH':'mm", CultureInfo.InvariantCulture)));

    /// <summary>A moment with its day.</summary>
    public string Moment(DateTimeOffset moment) => Say("time.moment", ("time", Clock(moment)), ("date", Day(moment)));

    /// <summary>The day of a moment.</summary>
    public string Day(DateTimeOffset moment) => moment.ToUniversalTime().ToString(this["time.date-pattern"], Language.Culture);

    private Text Find(string key) =>
        _texts.TryGetValue(key, out var text) ? text : throw new ArgumentException($"There is no text \"{key}\".", nameof(key));

    private static Dictionary<string, Text> Load(Language language)
    {
        var texts = new Dictionary<string, Text>(StringComparer.Ordinal);
        foreach (var name in Files(language))
        {
            using var file = typeof(Words).Assembly.GetManifestResourceStream(name)!;
            using var document = JsonDocument.Parse(file);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                texts.Add(member.Name, Read(member.Value));
            }
        }

        return texts;
    }

    // What people are told who sign in is one file; each part that only some people see has one of its own in a folder.
    private static List<string> Files(Language language)
    {
        var files = typeof(Words).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("texts/", StringComparison.Ordinal) && name.EndsWith($"/{language.Tag}.json", StringComparison.Ordinal)).ToList();
        return files.Count > 0 ? files : throw new InvalidOperationException($"The texts of {language.Tag} are missing from the program.");
    }

    private static Text Read(JsonElement value) => new(value.ValueKind == JsonValueKind.String
        ? new Dictionary<PluralForm, string> { [PluralForm.Other] = value.GetString()! }
        : value.EnumerateObject().ToDictionary(form => Enum.Parse<PluralForm>(form.Name, ignoreCase: true), form => form.Value.GetString()!));
}

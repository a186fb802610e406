using System.Globalization;
using System.Text;

namespace IdentityServer.Languages;

/// <summary>
/// One text of one language: a template, or one for each plural form of the number <c>count</c>. In a template <c>{name}</c> stands for a
/// value and <c>*...*</c> for emphasis, which only HTML shows.
/// </summary>
internal sealed class Text(IReadOnlyDictionary<PluralForm, string> forms)
{
    /// <summary>The placeholder whose number chooses the plural form.</summary>
    public const string Count = "count";

    private const char Emphasis = '*';

    /// <summary>The templates by form; a text without plural has <see cref="PluralForm.Other"/> alone.</summary>
    public IReadOnlyDictionary<PluralForm, string> Forms => forms;

    /// <summary>The text as it is, for one without values.</summary>
    public string Plain { get; } = forms[PluralForm.Other].Replace(Emphasis.ToString(), "", StringComparison.Ordinal);

    /// <summary>Plain text.</summary>
    public string Say(Language language, ReadOnlySpan<(string Name, object Value)> values)
    {
        var text = new StringBuilder();
        foreach (var (part, isValue) in Parts(Template(language, values)))
        {
            text.Append(isValue ? Find(values, part) : part.Replace(Emphasis.ToString(), "", StringComparison.Ordinal));
        }

        return text.ToString();
    }

    /// <summary>HTML: everything encoded, emphasis as <c>strong</c>. A value cannot emphasise anything.</summary>
    public string Html(Language language, ReadOnlySpan<(string Name, object Value)> values)
    {
        var html = new StringBuilder();
        var strong = false;
        foreach (var (part, isValue) in Parts(Template(language, values)))
        {
            if (isValue)
            {
                // Isolated, so that a Latin name inside Arabic, or the other way round, does not turn the sentence about. The placeholder's
                // name is its class.
                html.Append("<bdi class=\"").Append(part).Append("\">").Append(ReadableHtml.Encoder.Encode(Find(values, part))).Append("</bdi>");
                continue;
            }

            var pieces = part.Split(Emphasis);
            for (var index = 0; index < pieces.Length; index++)
            {
                if (index > 0)
                {
                    html.Append((strong = !strong) ? "<strong>" : "</strong>");
                }

                html.Append(ReadableHtml.Encoder.Encode(pieces[index]));
            }
        }

        return html.ToString();
    }

    /// <summary>The placeholders of a template.</summary>
    public static IReadOnlySet<string> Placeholders(string template) =>
        Parts(template).Where(part => part.IsValue).Select(part => part.Text).ToHashSet(StringComparer.Ordinal);

    private string Template(Language language, ReadOnlySpan<(string Name, object Value)> values)
    {
        if (forms.Count > 1)
        {
            foreach (var (name, value) in values)
            {
                if (name == Count && forms.TryGetValue(language.Plural((int)value), out var template))
                {
                    return template;
                }
            }
        }

        return forms[PluralForm.Other];
    }

    private static string Find(ReadOnlySpan<(string Name, object Value)> values, string placeholder)
    {
        foreach (var (name, value) in values)
        {
            if (name == placeholder)
            {
                return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            }
        }

        throw new ArgumentException($"The text needs a value for {{{placeholder}}}.", nameof(values));
    }

    private static List<(string Text, bool IsValue)> Parts(string template)
    {
        var parts = new List<(string, bool)>();
        var at = 0;
        while (template.IndexOf('{', at) is var open && open >= 0)
        {
            var close = template.IndexOf('}', open);
            parts.Add((template[at..open], false));
            parts.Add((template[(open + 1)..close], true));
            at = close + 1;
        }

        parts.Add((template[at..], false));
        return parts;
    }
}

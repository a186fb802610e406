using IdentityServer.Languages;

namespace IdentityServer.Portal;

/// <summary>How a field takes what it is told.</summary>
internal enum FieldShape
{
    /// <summary>A line of text.</summary>
    Line,

    /// <summary>A text for each line.</summary>
    Lines,

    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>Yes or no.</summary>
    Flag,

    /// <summary>One of a few.</summary>
    Choice,

    /// <summary>Some of a few.</summary>
    Choices,
}

/// <summary>Something to choose.</summary>
/// <param name="Value">What is sent.</param>
/// <param name="Text">What it says.</param>
/// <param name="Name">The name that programs know it by, shown small; null for none.</param>
internal sealed record FieldChoice(string Value, string Text, string? Name = null);

/// <summary>A field of a form as it is shown.</summary>
/// <param name="Name">What it is sent under.</param>
/// <param name="Label">What it is called.</param>
/// <param name="Shape">How it takes what it is told.</param>
internal sealed record FormField(string Name, string Label, FieldShape Shape = FieldShape.Line)
{
    /// <summary>What stands in it: one text, or those that are chosen.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>What stands in it.</summary>
    public string? Value => Values.Count > 0 ? Values[0] : null;

    /// <summary>The name that the standards have for it; null where there is none.</summary>
    public string? Standard { get; init; }

    /// <summary>What helps to fill it in; null for nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>What is wrong with what stands in it.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What is stored now, where somebody else has changed it; null where nobody has.</summary>
    public string? Stored { get; init; }

    public IReadOnlyList<FieldChoice> Choices { get; init; } = [];

    /// <summary>The browser asks for something to stand in it.</summary>
    public bool Required { get; init; }

    /// <summary>What browsers and password managers may fill it with.</summary>
    public string Autocomplete { get; init; } = "off";

    public int Rows { get; init; } = 3;

    /// <summary>What the element is called on the page.</summary>
    public string Id => Name.Replace('_', '-').ToLowerInvariant();

    /// <summary>What explains the element.</summary>
    public string? DescribedBy
    {
        get
        {
            string?[] parts = [Problems.Count > 0 ? $"{Id}-problem" : null, Stored is not null ? $"{Id}-stored" : null, Hint is not null ? $"{Id}-hint" : null];
            var described = string.Join(' ', parts.OfType<string>());
            return described.Length == 0 ? null : described;
        }
    }

    /// <summary>A text of the page's words, if there is one for the key.</summary>
    public static string? Find(PageWords words, string key) => words.Words.Texts.ContainsKey(key) ? words[key] : null;
}

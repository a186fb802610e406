using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Markdig;
using Microsoft.AspNetCore.Html;

namespace IdentityServer.Portal;

/// <summary>The sections of <c>docs/errors.md</c>, which is part of the program. It is English, as all documents are.</summary>
internal static partial class ErrorSections
{
    private const string Document = "docs/errors.md";

    // Nothing of it comes from outside; raw HTML is off all the same.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().Build();

    private static readonly Lazy<FrozenDictionary<string, string>> Sections = new(Read);

    /// <summary>The section of a code as HTML, without its heading; null when there is none.</summary>
    public static IHtmlContent? Of(string code) => Sections.Value.TryGetValue(code, out var html) ? new HtmlString(html) : null;

    private static FrozenDictionary<string, string> Read()
    {
        using var stream = typeof(ErrorSections).Assembly.GetManifestResourceStream(Document)
            ?? throw new InvalidOperationException($"{Document} is missing from the program.");
        using var reader = new StreamReader(stream);
        return Heading().Split(reader.ReadToEnd()).Skip(1).Chunk(2)
            .ToFrozenDictionary(pair => pair[0], pair => Markdown.ToHtml(Chapter().Split(pair[1])[0], Pipeline), StringComparer.Ordinal);
    }

    [GeneratedRegex("^### ([a-z_0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^## ", RegexOptions.Multiline)]
    private static partial Regex Chapter();
}

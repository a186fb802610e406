using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace IdentityServer.Languages;

/// <summary>Encodes for HTML and leaves the letters of every script as they are: eight times shorter than as numbers, and what stands in the source can be read.</summary>
internal static class ReadableHtml
{
    /// <summary>What it leaves alone. Whatever HTML gives a meaning to is encoded all the same.</summary>
    public static TextEncoderSettings Settings { get; } = new(UnicodeRanges.All);

    /// <summary>The encoder.</summary>
    public static HtmlEncoder Encoder { get; } = HtmlEncoder.Create(Settings);
}

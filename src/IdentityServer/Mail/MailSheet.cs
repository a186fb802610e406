using System.Text;
using IdentityServer.Languages;

namespace IdentityServer.Mail;

/// <summary>
/// A mail as a list of blocks, written once and rendered twice: so the text part and the HTML part cannot come to say different
/// things. It knows no links and no images, and encodes all that it is given, so neither can get in: a scanner that fetches
/// everything finds nothing to fetch.
/// </summary>
internal sealed class MailSheet(Language language)
{
    private const int TextWidth = 74;

    // No colours: the reader's own light or dark scheme stays in force. And no run of digits that could be taken for a code.
    private const string BodyStyle =
        "margin:0;padding:24px;max-width:36em;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5";

    private const string CodeStyle =
        "margin:16px 0;font-family:ui-monospace,Consolas,Menlo,monospace;font-size:32px;font-weight:700;letter-spacing:4px";

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _html = new();

    /// <summary>A paragraph.</summary>
    public MailSheet Say(string sentences)
    {
        Separate();
        Wrap(sentences);
        _html.Append("<p>").Append(Encode(sentences)).Append("</p>\n");
        return this;
    }

    /// <summary>What the mail was sent for, alone on its line and in one unbroken run.</summary>
    public MailSheet Show(string code)
    {
        Separate();
        _text.Append(code).Append('\n');
        _html.Append("<p style=\"").Append(CodeStyle).Append("\">").Append(Encode(code)).Append("</p>\n");
        return this;
    }

    /// <summary>Labelled facts, one a line; those without a value are left out.</summary>
    public MailSheet List(params ReadOnlySpan<(string Label, string? Value)> facts)
    {
        var first = true;
        foreach (var (label, value) in facts)
        {
            if (string.IsNullOrEmpty(value))
            {
                continue;
            }

            if (first)
            {
                Separate();
            }

            _text.Append(label).Append(": ").Append(value).Append('\n');
            _html.Append(first ? "<p>" : "<br>\n").Append(Encode(label)).Append(": ").Append(Encode(value));
            first = false;
        }

        _html.Append(first ? "" : "</p>\n");
        return this;
    }

    /// <summary>Both parts under a subject.</summary>
    public MailText Under(string subject) => new(subject, _text.ToString(), $"""
        <!DOCTYPE html>
        <html lang="{language.Tag}" dir="{language.Direction}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <title>{Encode(subject)}</title>
        </head>
        <body style="{BodyStyle}">
        {_html}</body>
        </html>

        """.ReplaceLineEndings("\n"));

    private static string Encode(string value) => ReadableHtml.Encoder.Encode(value);

    private void Separate()
    {
        if (_text.Length > 0)
        {
            _text.Append('\n');
        }
    }

    private void Wrap(string sentences)
    {
        var column = 0;
        foreach (var word in sentences.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > TextWidth)
            {
                _text.Append('\n');
                column = 0;
            }
            else if (column > 0)
            {
                _text.Append(' ');
                column++;
            }

            _text.Append(word);
            column += word.Length;
        }

        _text.Append('\n');
    }
}

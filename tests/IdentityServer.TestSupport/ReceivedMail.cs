using System.Text;
using System.Text.RegularExpressions;
using MimeKit;

namespace IdentityServer.TestSupport;

/// <summary>A mail as it came over the wire.</summary>
/// <param name="Sender">The envelope's sender.</param>
/// <param name="Recipients">The envelope's recipients.</param>
/// <param name="Raw">The content, dots unstuffed.</param>
/// <param name="Utf8">Whether the sender asked for SMTPUTF8.</param>
public sealed partial record ReceivedMail(string Sender, IReadOnlyList<string> Recipients, ReadOnlyMemory<byte> Raw, bool Utf8)
{
    private MimeMessage? _message;

    /// <summary>Parsed when first asked for: a benchmark that only wants the code pays for nothing else.</summary>
    public MimeMessage Message => _message ??= MimeMessage.Load(new MemoryStream(Raw.ToArray()));

    /// <summary>The content as text, header and all.</summary>
    public string Source => Encoding.UTF8.GetString(Raw.Span);

    /// <summary>The text part.</summary>
    public string Text => Message.TextBody ?? "";

    /// <summary>The HTML part.</summary>
    public string Html => Message.HtmlBody ?? "";

    /// <summary>The code of a code mail: the line that is nothing but five digits.</summary>
    /// <exception cref="InvalidOperationException">There is no such line.</exception>
    public string Code => CodeLine().Match(Source) is { Success: true } match ? match.Value : throw new InvalidOperationException("No code in this mail.");

    /// <summary>Whether the mail went to this address.</summary>
    public bool IsTo(string address) => Recipients.Contains(address, StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex("^[0-9]{5}(?=\r?$)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex CodeLine();
}

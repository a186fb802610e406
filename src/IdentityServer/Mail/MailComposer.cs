using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MimeKit;
using MimeKit.Utils;

namespace IdentityServer.Mail;

/// <summary>Makes the message that goes to a relay. Holds no words of its own; those come with the <see cref="MailText"/>.</summary>
internal sealed class MailComposer(MailSettings settings, TimeProvider time)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const int MaxSubject = 150;

    private readonly string _domain = new IdnMapping().GetAscii(settings.From.Domain);
    private readonly Header _from = new(HeaderId.From, settings.From.ToString(FormatOptions.Default, encode: true));

    /// <summary>Composes a mail of our own to one stored address.</summary>
    /// <param name="to">The registered address, exactly one.</param>
    /// <param name="text">Subject and parts.</param>
    /// <returns>A multipart/alternative message in UTF-8 with From, To, Date, a unique Message-ID and Auto-Submitted (RFC 3834 §5).</returns>
    /// <exception cref="ArgumentException">The address is not one plain address; nothing of it is in the message.</exception>
    public MimeMessage Compose(string to, MailText text)
    {
        if (!MailAddress.TryRead(to, allowName: false, out var recipient))
        {
            throw new ArgumentException("Not one plain e-mail address.", nameof(to));
        }

        // The order is RFC 2046's, plainest first: readers show the last that they can.
        var body = new MultipartAlternative(Part("plain", text.Text), Part("html", text.Html)) { Boundary = "=_" + RandomLetters(24) };

        // From finished headers: a bare MimeMessage would first make each of them up, on a clock of its own.
        var message = new MimeMessage(
            _from.Clone(),
            new Header(HeaderId.Date, DateUtils.FormatDate(time.GetUtcNow())),
            new Header(HeaderId.MessageId, $"<{NewMessageId()}>"),
            new Header(HeaderId.Subject, OneLine.Of(text.Subject, MaxSubject)),
            new Header(HeaderId.AutoSubmitted, "auto-generated"),
            body);
        message.To.Add(recipient);
        return message;
    }

    // Letters only: a program that looks for a run of digits in the raw message finds the code and nothing else.
    private string NewMessageId() => $"{RandomLetters(28)}@{_domain}";

    private static string RandomLetters(int count) => RandomNumberGenerator.GetString(Letters, count);

    private static TextPart Part(string subtype, string content)
    {
        var part = new TextPart(subtype) { ContentTransferEncoding = EncodingFor(content) };
        part.SetText(Encoding.UTF8, content);
        return part;
    }

    // Plain where the content allows it: every relay takes seven bits as they are, and 998 is the longest line (RFC 5322 §2.1.1).
    private static ContentEncoding EncodingFor(string content)
    {
        var column = 0;
        foreach (var c in content)
        {
            column = c == '\n' ? 0 : column + 1;
            if (c is '\0' or > '\u007e' || column > 990)
            {
                return ContentEncoding.QuotedPrintable;
            }
        }

        return ContentEncoding.SevenBit;
    }
}

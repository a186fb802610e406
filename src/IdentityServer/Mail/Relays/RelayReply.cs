using System.Globalization;
using System.Text;
using MailKit.Net.Smtp;
using MimeKit;

namespace IdentityServer.Mail.Relays;

/// <summary>
/// A relay's words, fit to be kept: short, one line, ASCII, and without the address. Relays love to repeat the recipient
/// (<c>550 5.1.1 &lt;ann@example.com&gt;: user unknown</c>), in several spellings.
/// </summary>
internal static class RelayReply
{
    public const int MaxLength = 160;

    /// <summary>The reply with its status code.</summary>
    public static string Of(SmtpStatusCode status, string words, MimeMessage about) =>
        Shorten($"{((int)status).ToString(CultureInfo.InvariantCulture)} {words}", about.To.Mailboxes);

    /// <summary>Words without a status code of their own.</summary>
    public static string Of(string words, MimeMessage about) => Shorten(words, about.To.Mailboxes);

    private static string Shorten(string words, IEnumerable<MailboxAddress> recipients)
    {
        // The part before a "+" names the person as well as the whole.
        var secrets = recipients
            .Select(mailbox => (mailbox.LocalPart.Split('+')[0], mailbox.GetAddress(idnEncode: true)[(mailbox.LocalPart.Length + 1)..]))
            .ToArray();
        var kept = new StringBuilder();
        foreach (var word in words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (kept.Length + word.Length + 1 > MaxLength)
            {
                break;
            }

            kept.Append(kept.Length > 0 ? " " : "").Append(Names(word, secrets) ? "..." : Ascii(word));
        }

        return kept.ToString();
    }

    private static bool Names(string word, (string LocalPart, string Domain)[] recipients) =>
        word.Contains('@', StringComparison.Ordinal)
        || Array.Exists(recipients, recipient => HasWord(word, recipient.LocalPart)
            || word.Contains(recipient.Domain, StringComparison.OrdinalIgnoreCase));

    // As a whole word: the local part "a" must not blank out every word with an "a" in it.
    private static bool HasWord(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0;
            at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
            {
                return true;
            }
        }

        return false;
    }

    private static string Ascii(string word) => string.Concat(word.Select(c => c is >= ' ' and <= '~' ? c : '?'));
}

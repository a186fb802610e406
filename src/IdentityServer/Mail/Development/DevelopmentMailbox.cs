using IdentityServer.Outbox;
using MimeKit;

namespace IdentityServer.Mail.Development;

/// <summary>A mail that stayed in the house.</summary>
/// <param name="Id">Counts up from 1.</param>
/// <param name="To">The recipient.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Code">The one-time code in it, if it is a code mail.</param>
/// <param name="Text">The text part.</param>
/// <param name="Html">The HTML part.</param>
internal sealed record DevelopmentMail(int Id, string To, string Subject, DateTimeOffset Date, string? Code, string Text, string Html);

/// <summary>
/// Where mails end in Development without a relay: in memory, so that the first sign-in works on a machine that has nothing but the
/// SDK. Everything before this step is the real thing.
/// </summary>
internal sealed class DevelopmentMailbox : IMailTransport
{
    /// <summary>The oldest makes room for the next.</summary>
    public const int Capacity = 200;

    private readonly Lock _lock = new();
    private readonly LinkedList<DevelopmentMail> _mails = new();
    private int _count;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<DevelopmentMail> Mails
    {
        get
        {
            lock (_lock)
            {
                return [.. _mails];
            }
        }
    }

    /// <inheritdoc />
    public Task<DeliveryOutcome> SendAsync(MimeMessage message, CancellationToken ct)
    {
        var text = message.TextBody ?? "";
        lock (_lock)
        {
            _mails.AddFirst(new DevelopmentMail(
                ++_count, message.To.Mailboxes.First().Address, message.Subject ?? "", message.Date,
                MailedCode.In(text), text, message.HtmlBody ?? ""));
            if (_mails.Count > Capacity)
            {
                _mails.RemoveLast();
            }
        }

        return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.HandedOver("Kept in the development mailbox."));
    }
}

using IdentityServer.Outbox;
using MimeKit;

namespace IdentityServer.Mail;

/// <summary>Takes a mail out of the house: over the configured relays, or into the development mailbox.</summary>
internal interface IMailTransport
{
    /// <summary>Makes one attempt to hand the message over.</summary>
    /// <returns>Expected failures come back as outcomes; only the cancellation of <paramref name="ct"/> is thrown.</returns>
    Task<DeliveryOutcome> SendAsync(MimeMessage message, CancellationToken ct);
}

using IdentityServer.Outbox;
using IdentityServer.Settings;

namespace IdentityServer.Mail;

/// <summary>Sends the service's own mails to people. Names and hosts in them come from the configuration, never from a request.</summary>
internal sealed class ServiceMail(MailComposer composer, IMailTransport transport, Installation installation)
{
    /// <summary>What this installation is called.</summary>
    public string Product => installation.ProductName;

    /// <summary>The host people enter codes at.</summary>
    public string Host => installation.Issuer.IsDefaultPort ? installation.Issuer.Host : installation.Issuer.Authority;

    /// <summary>Sends to a stored address.</summary>
    public Task<DeliveryOutcome> SendAsync(string storedAddress, MailText text, CancellationToken cancellationToken) =>
        transport.SendAsync(composer.Compose(storedAddress, text), cancellationToken);
}

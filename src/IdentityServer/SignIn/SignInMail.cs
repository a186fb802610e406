using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Settings;

namespace IdentityServer.SignIn;

/// <summary>Sends this room's mails. Names and hosts in them come from the configuration, never from a request.</summary>
internal sealed class SignInMail(MailComposer composer, IMailTransport transport, Installation installation)
{
    /// <summary>What this installation is called.</summary>
    public string Product => installation.ProductName;

    /// <summary>The host people enter codes at.</summary>
    public string Host => installation.Issuer.IsDefaultPort ? installation.Issuer.Host : installation.Issuer.Authority;

    /// <summary>Sends to a stored address.</summary>
    public Task<DeliveryOutcome> SendAsync(string storedAddress, MailText text, CancellationToken cancellationToken) =>
        transport.SendAsync(composer.Compose(storedAddress, text), cancellationToken);
}

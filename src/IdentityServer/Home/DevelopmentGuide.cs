using IdentityServer.Clients;
using IdentityServer.Home.TryIt;
using IdentityServer.Mail;
using IdentityServer.Settings;
using IdentityServer.Users;

namespace IdentityServer.Home;

/// <summary>What a developer needs to try a sign-in.</summary>
/// <param name="Start">Where the try-out starts, at the origin its client is registered for; null when that client is not registered.</param>
/// <param name="User">Somebody to sign in as; null when the configuration brings nobody along.</param>
/// <param name="HasMailbox">Whether mail stays in the development mailbox. If not, it goes to the configured relay.</param>
internal sealed record Guidance(Uri? Start, DemoUser? User, bool HasMailbox);

/// <summary>Gathers the guidance, in Development only: it shows a password.</summary>
internal sealed class DevelopmentGuide(Installation installation, DemoUsers users, MailOptions mail, ClientCache clients)
{
    /// <summary>Null outside Development.</summary>
    public async Task<Guidance?> FindAsync(CancellationToken cancellationToken)
    {
        if (!installation.IsDevelopment)
        {
            return null;
        }

        var registered = await clients.FindSettingsAsync(TryItAttempt.ClientId, cancellationToken) is not null;
        return new(
            registered ? new Uri(installation.Issuer, TryItAttempt.StartPath) : null,
            users.Accounts.Count > 0 ? users.Accounts[0] : null,
            mail.Relays.Count == 0);
    }
}

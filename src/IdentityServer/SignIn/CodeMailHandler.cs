using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Secrets;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>
/// Sends a challenge's code. The outbox names the challenge only; the code is derived here, at the moment of sending, and goes to the
/// address that the account has registered, whatever any request said.
/// </summary>
internal sealed class CodeMailHandler(
    CeremonyReads reads, InstallationSecrets secrets, SignInMail mail, ClientNames clients, TimeProvider clock) : IOutboxHandler
{
    internal const string MessageKind = "sign-in-code";

    public string Kind => MessageKind;

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        // A challenge that is over, or an account whose credentials changed, makes the code void: sending it would only confuse.
        if (message.ChallengeId is not { } id || await reads.ChallengeAndUserAsync(id, cancellationToken) is not var (challenge, user)
            || challenge.State != ChallengeState.Open
            || challenge.CredentialVersion != user.CredentialVersion
            || !ChallengePolicy.IsValid(challenge.ExpiresAt, clock.GetUtcNow()))
        {
            return new DeliveryOutcome.Obsolete();
        }

        if (await secrets.OtpKeyAsync(challenge.KeyId, cancellationToken) is not { } key)
        {
            return new DeliveryOutcome.Obsolete();
        }

        var code = OneTimeCodeDerivation.Derive(key.Bytes.Span, challenge.Binding());
        var text = CodeMail.Write(new CodeMailFacts(
            mail.Product, code, challenge.CreatedAt, challenge.ExpiresAt,
            await clients.VerifiedNameAsync(challenge.ClientId, cancellationToken),
            challenge.Browser, challenge.Network, challenge.Reference, mail.Host));
        return await mail.SendAsync(user.Email, text, cancellationToken);
    }
}

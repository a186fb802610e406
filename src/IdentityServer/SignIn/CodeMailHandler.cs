using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Secrets;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>
/// Sends a challenge's code. The outbox names the challenge only; the code is derived here, at the moment of sending, and goes to the
/// address that is stored for the challenge, whatever any request said.
/// </summary>
internal sealed class CodeMailHandler(
    CeremonyReads reads, InstallationSecrets secrets, CodeMailParts parts, ClientNames clients, TimeProvider clock) : IOutboxHandler
{
    internal const string MessageKind = "sign-in-code";

    public string Kind => MessageKind;

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        // A challenge that is over makes the code void: sending it would only confuse.
        if (message.ChallengeId is not { } id || await FindAsync(id, cancellationToken) is not var (challenge, address, restores)
            || challenge.State != ChallengeState.Open
            || !ChallengePolicy.IsValid(challenge.ExpiresAt, clock.GetUtcNow())
            || await secrets.OtpKeyAsync(challenge.KeyId, cancellationToken) is not { } key)
        {
            return new DeliveryOutcome.Obsolete();
        }

        var code = OneTimeCodeDerivation.Derive(key.Bytes.Span, challenge.Binding());
        var words = Words.In(challenge.Language);
        var facts = new CodeMailFacts(
            parts.Mail.Product, code, challenge.CreatedAt, challenge.ExpiresAt,
            await clients.VerifiedNameAsync(challenge.ClientId, cancellationToken),
            BrowserName.Say(words, challenge.Browser), challenge.Network, challenge.Reference, parts.Mail.Host);
        return await parts.Mail.SendAsync(address, Write(challenge.Purpose, restores, words, facts), cancellationToken);
    }

    // The account's address, unless its credentials changed meanwhile, which voids the code too; of an account to be, the one asked for.
    private async Task<(OtpChallenge Challenge, string Address, bool Restores)?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await reads.ChallengeAndUserAsync(id, cancellationToken) is var (challenge, user))
        {
            return challenge.CredentialVersion == user.CredentialVersion ? await AddressAsync(challenge, user, cancellationToken) : null;
        }

        return await parts.PendingAccounts.FindAsync(id, cancellationToken) is { } pending
            && await reads.ChallengeAsync(id, cancellationToken) is { Purpose: OtpPurpose.SignUp } asked
            ? (asked, pending.Email, false)
            : null;
    }

    // The account's own, or the one that this challenge is to give it.
    private async Task<(OtpChallenge Challenge, string Address, bool Restores)?> AddressAsync(
        OtpChallenge challenge, User user, CancellationToken cancellationToken)
    {
        if (challenge.Purpose is not (OtpPurpose.NewAddress or OtpPurpose.Reset))
        {
            return (challenge, user.Email, false);
        }

        return await parts.Addresses.PendingAsync(challenge.Id, cancellationToken) is { } pending
            ? (challenge, pending.Email, challenge.Purpose == OtpPurpose.Reset)
            : challenge.Purpose == OtpPurpose.Reset ? (challenge, user.Email, false) : null;
    }

    private static MailText Write(string purpose, bool restores, Words words, CodeMailFacts facts) => purpose switch
    {
        OtpPurpose.SignIn => CodeMail.ForSignIn(words, facts),
        OtpPurpose.SignUp => CodeMail.ForSignUp(words, facts),
        OtpPurpose.Reset when restores => CodeMail.ForRestore(words, facts),
        OtpPurpose.Reset => CodeMail.ForReset(words, facts),
        OtpPurpose.NewAddress => CodeMail.ForNewAddress(words, facts),
        OtpPurpose.Deletion => CodeMail.ForDeletion(words, facts),
        _ => throw new InvalidOperationException("There is no mail for that purpose."),
    };
}

/// <summary>Where a code mail goes, and through what.</summary>
internal sealed record CodeMailParts(ServiceMail Mail, PendingAccounts PendingAccounts, AddressChanges Addresses);

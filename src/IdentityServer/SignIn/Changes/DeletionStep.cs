using System.Diagnostics;
using IdentityServer.Alerts;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Ownership;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn.Changes;

/// <summary>
/// Deletes an account, after both steps once more: the password, and a mailed code that is good for this alone. In one commit all sessions
/// end, every token dies, and whatever is kept of the person goes.
/// </summary>
internal sealed class DeletionStep(AccountChanges accounts, SessionEnder sessions, ProofIssuer issuer, CodeJudge judge, DeletionParts parts)
{
    /// <summary>
    /// Until when the account cannot be deleted; null when it can. As long as a former mailbox may have it back, nobody who took it may put
    /// it out of its owner's reach. Asked before a code is: a change of address after that voids the code.
    /// </summary>
    public Task<DateTimeOffset?> BarredUntilAsync(User user, CancellationToken cancellationToken) =>
        parts.Addresses.RestorableUntilAsync(user.Id, cancellationToken);

    /// <summary>
    /// The names of the applications that would be left without an owner; while there are any, the account cannot be deleted. What is owned
    /// with others passes on to them.
    /// </summary>
    public Task<IReadOnlyList<string>> SolelyOwnedAsync(User user, CancellationToken cancellationToken) =>
        parts.Owners.SolelyOwnedAsync(user.Id, cancellationToken);

    /// <summary>Asks for the code, after the password was right.</summary>
    public async Task<ProofOutcome> AskAsync(User user, SignInOrigin origin, CancellationToken cancellationToken) =>
        await issuer.AdmitAsync(user.Id, cancellationToken) is { } wait
            ? new ProofOutcome.Wait(wait)
            : await issuer.IssueAsync(
                OtpPurpose.Deletion, ChallengeSubject.Of(user), origin, new(ChallengeFactory.CodeMail, _ => Task.CompletedTask), cancellationToken);

    /// <summary>Mails the same code once more.</summary>
    public Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) =>
        issuer.ResendAsync(challenge, ChallengeFactory.CodeMail, cancellationToken);

    /// <summary>Judges the code and deletes the account.</summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="user">Whose account it is.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Cancels what <see cref="CodeJudge.JudgeAsync"/> lets it cancel, and nothing afterwards.</param>
    public async Task<OtpVerdict> AnswerAsync(
        HandleCookie pending, OneTimeCode code, User user, SignInOrigin origin, CancellationToken cancellationToken)
    {
        switch (await judge.JudgeAsync(pending, code, OtpPurpose.Deletion, origin.Network, cancellationToken))
        {
            case CodeJudgement.Right(var challenge) when challenge.UserId == user.Id:
                if (!await parts.Challenges.ConsumeProofAsync(
                    challenge, origin.Network, () => DeleteAsync(challenge, user, origin), parts.Clock.GetUtcNow(), CancellationToken.None))
                {
                    return new OtpVerdict.Void();
                }

                sessions.Forget();
                parts.Outbox.Notify();
                return new OtpVerdict.Accepted(null, null);
            case CodeJudgement.Right:
                return new OtpVerdict.Void();
            case CodeJudgement.Not(var verdict):
                return verdict;
            case var other:
                throw new UnreachableException($"Unmapped judgement {other}.");
        }
    }

    private async Task<bool> DeleteAsync(OtpChallenge challenge, User user, SignInOrigin origin)
    {
        // A test user is its client's owners' to delete. And a client of which somebody is the last owner could be managed by nobody. The page
        // said so before; meanwhile others may have left.
        if (user.TestOfClientId is not null || !await parts.Owners.MayGoAsync(user.Id, CancellationToken.None))
        {
            return false;
        }

        await sessions.EndAllAsync(user.Id, spared: null, CancellationToken.None);
        if (!await accounts.DeleteAsync(user.Id, CancellationToken.None))
        {
            return false;
        }

        await parts.Rows.AddAsync(
            AlertHandler.Message(
                AlertKind.AccountDeleted, user.Id, new(origin.Browser, origin.Network, AccountLocale.LanguageOf(user)?.Tag ?? challenge.Language),
                parts.Clock.GetUtcNow(), new(Recipient: user.Email)),
            CancellationToken.None);
        return true;
    }
}

/// <summary>What deleting an account touches beside it.</summary>
internal sealed record DeletionParts(
    ChallengeOperations Challenges, AddressChanges Addresses, ClientOwners Owners, CeremonyWrites Rows, OutboxSignal Outbox, TimeProvider Clock);

using System.Diagnostics;
using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn.Reset;

/// <summary>
/// A new password by the mailbox: the address first, then the mailed code together with the new password, on the page that asked. It
/// never signs in. For an address without an account the same happens on screen, at the same cost.
/// </summary>
internal sealed class ResetStep(UserDirectory users, IPasswordHasher hasher, ProofIssuer issuer, CodeJudge judge, ResetParts parts)
{
    /// <summary>Asks for a code.</summary>
    public async Task<ProofOutcome> AskAsync(EmailAddress address, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (await issuer.AdmitAsync(origin.Network, cancellationToken) is { } wait)
        {
            return new ProofOutcome.Wait(wait);
        }

        // Both are made every time, so that neither is missed.
        var standIn = await parts.StandIns.ForAsync(address, cancellationToken);
        var user = await users.FindByEmailAsync(address.Value, cancellationToken);
        var known = parts.Browser.Knows(user?.Id ?? Guid.Empty) && user is not null;
        var subject = user is null ? ChallengeSubject.OfAddress(standIn) : ChallengeSubject.Of(user, known ? user.Id : standIn);
        return await issuer.IssueAsync(
            OtpPurpose.Reset, subject, origin, new(ChallengeFactory.CodeMail, _ => Task.CompletedTask), cancellationToken);
    }

    /// <summary>Mails the same code once more.</summary>
    public Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) =>
        issuer.ResendAsync(challenge, ChallengeFactory.CodeMail, cancellationToken);

    /// <summary>
    /// Judges the code and sets the password. With it the guess budget starts anew, every session of the account ends, open codes become
    /// void, and the owner is told: one commit.
    /// </summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="password">A password that obeys the rules.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Cancels what <see cref="CodeJudge.JudgeAsync"/> lets it cancel, and nothing afterwards.</param>
    public async Task<OtpVerdict> AnswerAsync(
        HandleCookie pending, OneTimeCode code, string password, SignInOrigin origin, CancellationToken cancellationToken)
    {
        switch (await judge.JudgeAsync(pending, code, OtpPurpose.Reset, origin.Network, cancellationToken))
        {
            case CodeJudgement.Not(var verdict):
                return verdict;
            case CodeJudgement.Right(var challenge):
                var hash = await hasher.HashAsync(password, CancellationToken.None);
                return await parts.Challenges.ConsumeProofAsync(
                    challenge, origin.Network, () => ChangeAsync(challenge, hash, origin), parts.Clock.GetUtcNow(), CancellationToken.None)
                    ? Changed(challenge)
                    : new OtpVerdict.Void();
            case var other:
                throw new UnreachableException($"Unmapped judgement {other}.");
        }
    }

    private async Task<bool> ChangeAsync(OtpChallenge challenge, string hash, SignInOrigin origin)
    {
        if (!await users.ChangePasswordAsync(challenge.UserId, hash, CancellationToken.None))
        {
            return false;
        }

        await parts.Rows.VerifyAddressAsync(challenge.UserId, CancellationToken.None);
        await parts.Sessions.EndAllAsync(challenge.UserId, spared: null, CancellationToken.None);
        await parts.Rows.AddAsync(
            AlertHandler.Message(
                AlertKind.PasswordChanged, challenge.UserId, new(origin.Browser, origin.Network, challenge.Language), parts.Clock.GetUtcNow()),
            CancellationToken.None);
        await parts.Audit.WriteAsync(
            AuditEvents.PasswordReset, new(challenge.UserId, challenge.ClientId, ChallengeId: challenge.Id, Network: origin.Network), CancellationToken.None);
        return true;
    }

    private OtpVerdict.Accepted Changed(OtpChallenge challenge)
    {
        parts.Outbox.Notify();
        return new(challenge.ClientId, challenge.RequestUri);
    }
}

/// <summary>What a reset touches beside the password.</summary>
internal sealed record ResetParts(
    StandIns StandIns, KnownBrowser Browser, ChallengeOperations Challenges, CeremonyWrites Rows, SessionEnder Sessions, AuditTrail Audit, Outbox.OutboxSignal Outbox, TimeProvider Clock);

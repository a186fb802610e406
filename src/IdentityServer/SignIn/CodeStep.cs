using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Secrets;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>
/// The second step, and the one verifier of codes: spend, then compare, then consume. Every route that takes a code comes through here.
/// </summary>
internal sealed class CodeStep(
    ChallengeOperations challenges, InstallationSecrets secrets, SessionIssuer sessions, WrongCode wrongCode, CodeStepExtras extras)
{
    /// <summary>Judges a code for the challenge that this browser holds a handle of.</summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="network">The network to charge.</param>
    /// <param name="cancellationToken">
    /// Cancels the spending and the wait before an answer. Nothing between is cancelled: who hangs up after a guess was spent must not
    /// escape its audit event and the owner's alert.
    /// </param>
    public async Task<OtpVerdict> AnswerAsync(HandleCookie pending, OneTimeCode code, string network, CancellationToken cancellationToken)
    {
        var now = extras.Clock.GetUtcNow();
        var spent = await challenges.SpendAsync(pending.Id, pending.Hash, OtpPurpose.SignIn, network, now, cancellationToken);
        return spent switch
        {
            SpendOutcome.Spent guess => await JudgeAsync(guess, code, network, cancellationToken),
            SpendOutcome.AccountExhausted(var challenge) => await RefuseExhaustedAsync(challenge, network),
            SpendOutcome.NetworkExhausted => new OtpVerdict.SlowDown(SlowDown.WaitFor(ChallengeOperations.NetworkBucket, now)),
            _ => new OtpVerdict.Void(),
        };
    }

    private async Task<OtpVerdict> JudgeAsync(SpendOutcome.Spent guess, OneTimeCode code, string network, CancellationToken cancellationToken)
    {
        var challenge = guess.Challenge;
        if (await secrets.OtpKeyAsync(challenge.KeyId, CancellationToken.None) is not { } key)
        {
            return new OtpVerdict.Void();
        }

        var right = OneTimeCodeDerivation.Derive(key.Bytes.Span, challenge.Binding());
        if (!right.Matches(code))
        {
            await wrongCode.RecordAsync(guess, network);

            // Real time on purpose: nothing is decided by it, it only makes guessing slow.
            await Task.Delay(SlowDown.For(guess.NetworkTotal), cancellationToken);
            return challenge.AttemptsLeft > 0 ? new OtpVerdict.Wrong(challenge.AttemptsLeft) : new OtpVerdict.Void();
        }

        var now = extras.Clock.GetUtcNow();
        var prepared = await sessions.PrepareAsync(challenge, now);
        var consumed = await challenges.ConsumeAsync(
            challenge, prepared.Row, network, () => WriteAuditAsync(challenge, prepared.Row), now, CancellationToken.None);
        if (consumed is null)
        {
            return new OtpVerdict.Void();
        }

        sessions.Issue(consumed, prepared);
        extras.KnownBrowser.Remember(challenge.UserId);
        return new OtpVerdict.Accepted(challenge.ClientId, challenge.RequestUri);
    }

    private async Task<OtpVerdict> RefuseExhaustedAsync(OtpChallenge challenge, string network)
    {
        await wrongCode.RecordRefusalAsync(challenge, network);
        return new OtpVerdict.BudgetExhausted();
    }

    private Task WriteAuditAsync(OtpChallenge challenge, AuthenticationSession session) => extras.Audit.WriteAsync(
        AuditEvents.SessionOpened,
        new(challenge.UserId, challenge.ClientId, session.Id, challenge.Id, challenge.Network),
        CancellationToken.None);
}

/// <summary>What the code step needs beside its rules.</summary>
internal sealed record CodeStepExtras(AuditTrail Audit, KnownBrowser KnownBrowser, TimeProvider Clock);

/// <summary>Reads a challenge as what its code is derived from.</summary>
internal static class ChallengeBinding
{
    public static OneTimeCodeBinding Binding(this OtpChallenge challenge) => new(
        challenge.Id, challenge.UserId, challenge.Seed, challenge.BrowserHash, challenge.CredentialVersion, challenge.Purpose);
}

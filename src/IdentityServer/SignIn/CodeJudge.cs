using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Secrets;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>What judging a code came to.</summary>
internal abstract record CodeJudgement
{
    private CodeJudgement()
    {
    }

    /// <summary>Right, and the challenge still waits to be consumed.</summary>
    public sealed record Right(OtpChallenge Challenge) : CodeJudgement;

    /// <summary>Anything else.</summary>
    public sealed record Not(OtpVerdict Verdict) : CodeJudgement;
}

/// <summary>The one verifier of codes: spend first, then compare. Every route that takes a code comes through here, whatever it is for.</summary>
internal sealed class CodeJudge(ChallengeOperations challenges, InstallationSecrets secrets, WrongCode wrongCode, TimeProvider clock)
{
    /// <summary>Judges a code for the challenge that this browser holds a handle of.</summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="purpose">What the code must be for.</param>
    /// <param name="network">The network to charge.</param>
    /// <param name="cancellationToken">
    /// Cancels the spending and the wait before an answer. Nothing between is cancelled: who hangs up after a guess was spent must not
    /// escape its audit event and the owner's alert.
    /// </param>
    public async Task<CodeJudgement> JudgeAsync(
        HandleCookie pending, OneTimeCode code, string purpose, string network, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var spent = await challenges.SpendAsync(pending.Id, pending.Hash, purpose, network, now, cancellationToken);
        return spent switch
        {
            SpendOutcome.Spent guess => await CompareAsync(guess, code, network, cancellationToken),
            SpendOutcome.AccountExhausted(var challenge) => await RefuseExhaustedAsync(challenge, network),
            SpendOutcome.NetworkExhausted => new CodeJudgement.Not(new OtpVerdict.SlowDown(SlowDown.WaitFor(ChallengeOperations.NetworkBucket, now))),
            _ => new CodeJudgement.Not(new OtpVerdict.Void()),
        };
    }

    private async Task<CodeJudgement> CompareAsync(SpendOutcome.Spent guess, OneTimeCode code, string network, CancellationToken cancellationToken)
    {
        var challenge = guess.Challenge;
        if (await secrets.OtpKeyAsync(challenge.KeyId, CancellationToken.None) is not { } key)
        {
            return new CodeJudgement.Not(new OtpVerdict.Void());
        }

        var right = OneTimeCodeDerivation.Derive(key.Bytes.Span, challenge.Binding());
        if (right.Matches(code))
        {
            return new CodeJudgement.Right(challenge);
        }

        await wrongCode.RecordAsync(guess, network);

        // Real time on purpose: nothing is decided by it, it only makes guessing slow.
        await Task.Delay(SlowDown.For(guess.NetworkTotal), cancellationToken);
        return new CodeJudgement.Not(challenge.AttemptsLeft > 0 ? new OtpVerdict.Wrong(challenge.AttemptsLeft) : new OtpVerdict.Void());
    }

    private async Task<CodeJudgement> RefuseExhaustedAsync(OtpChallenge challenge, string network)
    {
        await wrongCode.RecordRefusalAsync(challenge, network);
        return new CodeJudgement.Not(new OtpVerdict.BudgetExhausted());
    }
}

/// <summary>Reads a challenge as what its code is derived from.</summary>
internal static class ChallengeBinding
{
    public static OneTimeCodeBinding Binding(this OtpChallenge challenge) => new(
        challenge.Id, challenge.UserId, challenge.Seed, challenge.BrowserHash, challenge.CredentialVersion, challenge.Purpose);
}

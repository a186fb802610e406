using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>What spending an attempt came to.</summary>
public abstract record SpendOutcome
{
    private SpendOutcome()
    {
    }

    /// <summary>An attempt of the challenge and a guess of account and network are gone for good; now compare.</summary>
    /// <param name="Challenge">The challenge, after the spend.</param>
    /// <param name="NetworkTotal">What the network has spent of late, this guess included.</param>
    /// <param name="ReachedLimit">It was the account's last: unless it is right, sign-in needs a password reset.</param>
    public sealed record Spent(OtpChallenge Challenge, int NetworkTotal, bool ReachedLimit) : SpendOutcome;

    /// <summary>Expired, exhausted, consumed, closed, unknown, foreign, or the account's credentials changed: no difference is told.</summary>
    public sealed record NotOpen : SpendOutcome;

    /// <summary>The account has no guesses left; nothing may be compared.</summary>
    public sealed record AccountExhausted(OtpChallenge Challenge) : SpendOutcome;

    /// <summary>The network has no guesses left this hour; nothing may be compared, and nothing else was charged.</summary>
    public sealed record NetworkExhausted : SpendOutcome;
}

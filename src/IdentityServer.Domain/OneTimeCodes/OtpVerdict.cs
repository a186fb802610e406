namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>What became of a code that was typed.</summary>
public abstract record OtpVerdict
{
    private OtpVerdict()
    {
    }

    /// <summary>Right: the challenge is consumed and the session open.</summary>
    public sealed record Accepted : OtpVerdict;

    /// <summary>Wrong; the challenge stays open for what is left.</summary>
    public sealed record Wrong(int AttemptsLeft) : OtpVerdict;

    /// <summary>Expired, exhausted, consumed, unknown or foreign: one answer for all of them, sign in again (I4).</summary>
    public sealed record Void : OtpVerdict;

    /// <summary>The account's guess budget is used up: a password reset is needed.</summary>
    public sealed record BudgetExhausted : OtpVerdict;

    /// <summary>The network has guessed too often: nothing was judged.</summary>
    public sealed record SlowDown(TimeSpan RetryAfter) : OtpVerdict;
}

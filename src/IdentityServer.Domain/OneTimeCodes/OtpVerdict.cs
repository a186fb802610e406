namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>What became of a code that was typed.</summary>
public abstract record OtpVerdict
{
    private OtpVerdict()
    {
    }

    /// <summary>Right: the challenge is consumed and the session open.</summary>
    /// <param name="ClientId">The client that sent the person here, as the challenge knows it; null for none.</param>
    /// <param name="RequestUri">The stored authorization request to go back to, as the challenge knows it; null for none.</param>
    public sealed record Accepted(string? ClientId, string? RequestUri) : OtpVerdict;

    /// <summary>Wrong; the challenge stays open for what is left.</summary>
    public sealed record Wrong(int AttemptsLeft) : OtpVerdict;

    /// <summary>Expired, exhausted, consumed, unknown or foreign: one answer for all of them, sign in again (I4).</summary>
    public sealed record Void : OtpVerdict;

    /// <summary>The account's guess budget is used up: a password reset is needed.</summary>
    public sealed record BudgetExhausted : OtpVerdict;

    /// <summary>The network has guessed too often: nothing was judged.</summary>
    public sealed record SlowDown(TimeSpan RetryAfter) : OtpVerdict;
}

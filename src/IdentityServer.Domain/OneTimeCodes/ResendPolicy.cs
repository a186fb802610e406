namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>Whether the same code may be mailed once more within a challenge.</summary>
public abstract record ResendVerdict
{
    private ResendVerdict()
    {
    }

    /// <summary>Send it.</summary>
    public sealed record Allowed : ResendVerdict;

    /// <summary>Too soon: ask again after the wait.</summary>
    public sealed record Wait(TimeSpan Remaining) : ResendVerdict;

    /// <summary>This challenge has sent all it may; starting over makes a new one.</summary>
    public sealed record Spent : ResendVerdict;
}

/// <summary>At most three sends in a challenge, at least 60 s apart. The limits per account live in <see cref="GuessBudget"/>.</summary>
public static class ResendPolicy
{
    /// <summary>Sends in a challenge, the first included.</summary>
    public const int SendsPerChallenge = 3;

    /// <summary>The least time between two sends of a challenge.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromSeconds(60);

    /// <summary>Judges a wish to resend.</summary>
    /// <param name="sends">Sends so far, the first included.</param>
    /// <param name="lastSentAt">When the last was enqueued.</param>
    /// <param name="now">The time.</param>
    public static ResendVerdict Judge(int sends, DateTimeOffset lastSentAt, DateTimeOffset now)
    {
        if (sends >= SendsPerChallenge)
        {
            return new ResendVerdict.Spent();
        }

        var remaining = lastSentAt + Spacing - now;
        return remaining > TimeSpan.Zero ? new ResendVerdict.Wait(remaining) : new ResendVerdict.Allowed();
    }
}

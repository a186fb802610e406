namespace IdentityServer.Domain.Outbox;

/// <summary>When a message that could not be handed over is tried again: after 5, 15, 30, 60, 60 ... seconds, until it expires.</summary>
public static class RetrySchedule
{
    private static readonly TimeSpan[] Steps =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)];

    /// <summary>The next attempt, or null when the message would expire first and is abandoned (a code is never sent late).</summary>
    /// <param name="failures">Attempts that have failed, at least one.</param>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">When the message loses its use.</param>
    public static DateTimeOffset? Next(int failures, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var next = now + Steps[Math.Min(failures, Steps.Length) - 1];
        return next < expiresAt ? next : null;
    }
}

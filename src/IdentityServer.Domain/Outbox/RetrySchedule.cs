namespace IdentityServer.Domain.Outbox;

/// <summary>
/// When a message that could not be handed over is tried again, until it expires. Mail after 5, 15, 30, 60, 60 ... seconds, since somebody
/// waits for it. A client that did not take a notice is given longer and longer: up to an hour, which leaves time to mend a server.
/// </summary>
public static class RetrySchedule
{
    private static readonly TimeSpan[] MailSteps =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)];

    private static readonly TimeSpan[] NotificationSteps =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(40), TimeSpan.FromHours(1),
    ];

    /// <summary>The next attempt, or null when the message would expire first and is abandoned (a code is never sent late).</summary>
    /// <param name="queue">The line that the message stands in.</param>
    /// <param name="failures">Attempts that have failed, at least one.</param>
    /// <param name="now">The time.</param>
    /// <param name="expiresAt">When the message loses its use.</param>
    public static DateTimeOffset? Next(OutboxQueue queue, int failures, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var steps = queue == OutboxQueue.Notifications ? NotificationSteps : MailSteps;
        var next = now + steps[Math.Min(failures, steps.Length) - 1];
        return next < expiresAt ? next : null;
    }
}

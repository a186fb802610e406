namespace IdentityServer.Outbox;

/// <summary>How long and how much, in sending.</summary>
internal static class OutboxLimits
{
    /// <summary>Messages of a line that are under way at a time on a node. A slow receiver holds up so many and no more, and only of its line.</summary>
    public const int Lanes = 8;

    /// <summary>How long a message is this node's. It is not renewed, so it must be longer than <see cref="Delivery"/>.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    /// <summary>Counted from the lease, when a delivery is cancelled. What is left of the lease is there to write the outcome down.</summary>
    public static readonly TimeSpan Delivery = TimeSpan.FromSeconds(75);

    /// <summary>How often the table is looked at when nothing is known to be due: it finds what other nodes left behind.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    /// <summary>The first wait after the database failed; doubled each time.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest such wait.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    /// <summary>What deliveries under way get to finish when the host stops.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(10);
}

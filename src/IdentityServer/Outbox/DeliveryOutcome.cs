namespace IdentityServer.Outbox;

/// <summary>What became of one attempt to deliver a message. A reply is the relay's own words, shortened, with no address in it.</summary>
internal abstract record DeliveryOutcome
{
    private DeliveryOutcome()
    {
    }

    /// <summary>A relay has taken the message and answers for it from here on.</summary>
    internal sealed record HandedOver(string? Reply = null) : DeliveryOutcome;

    /// <summary>Nobody took it this time, or nobody knows whether it was taken (a lost answer): it is tried again on schedule.</summary>
    internal sealed record Deferred(string? Reply = null) : DeliveryOutcome;

    /// <summary>Refused for good (5xx): trying again would change nothing.</summary>
    internal sealed record Refused(string? Reply = null) : DeliveryOutcome;

    /// <summary>There is nothing to send any more: what the message tells of is over.</summary>
    internal sealed record Obsolete : DeliveryOutcome;
}

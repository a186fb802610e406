namespace IdentityServer.Mail.Relays;

/// <summary>How long and how much, towards relays.</summary>
internal static class RelayLimits
{
    /// <summary>An attempt over all relays, in total. The lease of an outbox message is longer, so that no second node sends meanwhile.</summary>
    public static readonly TimeSpan Total = TimeSpan.FromSeconds(60);

    /// <summary>From the first packet to the end of authentication.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(10);

    /// <summary>
    /// MAIL and RCPT. What follows gets all that is left of <see cref="Total"/>: a relay that looks through the content answers slowly,
    /// and giving up on that answer means a second copy.
    /// </summary>
    public static readonly TimeSpan Envelope = TimeSpan.FromSeconds(15);

    /// <summary>Connections kept open while there is nothing to send.</summary>
    public const int IdleConnections = 4;

    /// <summary>A connection that rested this long is asked (NOOP) before it is used: firewalls drop silent ones without a word.</summary>
    public static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(15);

    /// <summary>How long that answer may take.</summary>
    public static readonly TimeSpan Ask = TimeSpan.FromSeconds(3);

    /// <summary>A connection that rested this long is closed: relays count idle clients against us.</summary>
    public static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(60);

    /// <summary>Messages over one connection; many relays close after about so many.</summary>
    public const int MessagesPerConnection = 100;

    /// <summary>A relay that failed is tried after the others for this long; doubled with each further failure.</summary>
    public static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(10);

    /// <summary>The longest such rest.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);
}

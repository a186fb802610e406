namespace IdentityServer.TestSupport;

/// <summary>The points of an SMTP conversation at which a listener may misbehave.</summary>
public enum SmtpStage
{
    /// <summary>A client has connected.</summary>
    Greeting,

    /// <summary>MAIL FROM came.</summary>
    Sender,

    /// <summary>RCPT TO came.</summary>
    Recipient,

    /// <summary>DATA came.</summary>
    Data,

    /// <summary>The first bytes of the content came.</summary>
    Content,

    /// <summary>The whole content came; the listener has not taken it yet.</summary>
    End,

    /// <summary>The listener has taken the mail and is about to say so.</summary>
    Taken,

    /// <summary>NOOP came.</summary>
    Noop,

    /// <summary>QUIT came.</summary>
    Quit,
}

/// <summary>What a listener does at such a point.</summary>
public abstract record SmtpReaction
{
    private SmtpReaction()
    {
    }

    /// <summary>As it should be.</summary>
    public static SmtpReaction Proper { get; } = new Properly();

    /// <summary>Never answers, and keeps the connection open until the client leaves.</summary>
    public static SmtpReaction Silence { get; } = new Silent();

    /// <summary>Closes the connection without a word.</summary>
    public static SmtpReaction Drop { get; } = new Dropping();

    /// <summary>Answers with this line, such as <c>450 4.2.0 greylisted</c>.</summary>
    public static SmtpReaction Reply(string line) => new Replying(line);

    internal sealed record Properly : SmtpReaction;

    internal sealed record Silent : SmtpReaction;

    internal sealed record Dropping : SmtpReaction;

    internal sealed record Replying(string Line) : SmtpReaction;
}

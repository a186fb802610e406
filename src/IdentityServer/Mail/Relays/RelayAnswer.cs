namespace IdentityServer.Mail.Relays;

/// <summary>What one relay made of a message.</summary>
internal abstract record RelayAnswer
{
    private RelayAnswer()
    {
    }

    /// <summary>The relay has it.</summary>
    internal sealed record Taken(string Reply) : RelayAnswer;

    /// <summary>The relay works, and refused this message for good (5xx to RCPT or DATA).</summary>
    internal sealed record Rejected(string Reply) : RelayAnswer;

    /// <summary>The relay works, and does not take this message now (4xx to RCPT or DATA).</summary>
    internal sealed record Postponed(string Reply) : RelayAnswer;

    /// <summary>The relay does not work, and certainly has not got the message.</summary>
    internal sealed record Unavailable(string Reply) : RelayAnswer;

    /// <summary>The content was under way when the answer got lost: the relay may have the message.</summary>
    internal sealed record Unknown(string Reply) : RelayAnswer;
}

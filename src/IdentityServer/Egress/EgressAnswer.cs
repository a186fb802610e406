namespace IdentityServer.Egress;

/// <summary>
/// What became of one request that we made. A reason is the rest of a sentence that begins with the address's name, as in "its host
/// resolves to 10.0.0.5, which is not a public address"; it helps the client's developer, and holds no body, token or query string.
/// </summary>
internal abstract record EgressAnswer
{
    private EgressAnswer()
    {
    }

    /// <summary>The other side answered as the rules want it.</summary>
    /// <param name="Status">200; of a notification any 2xx.</param>
    /// <param name="MediaType">In lower case, without parameters; null when the answer names none.</param>
    /// <param name="Body">As it came. Others may hold the same array: read it only.</param>
    internal sealed record Answered(int Status, string? MediaType, byte[] Body) : EgressAnswer
    {
        public override string ToString() => $"{nameof(Answered)} {{ Status = {Status}, MediaType = {MediaType} }}";
    }

    /// <summary>Our policy forbids it, and no connection was made: trying again changes nothing until the address or its host's changes.</summary>
    internal sealed record Refused(string Reason) : EgressAnswer;

    /// <summary>Network, time, TLS, or an answer that is not what the rules want: it may go well another time.</summary>
    /// <param name="Reason">What went wrong.</param>
    /// <param name="Status">What was answered, where the rules say that the status is all that counts; null when nothing was.</param>
    internal sealed record Failed(string Reason, int? Status = null) : EgressAnswer;
}

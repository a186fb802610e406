using IdentityServer.Domain.Clients;

namespace IdentityServer.Clients;

/// <summary>What became of a wish to register a client.</summary>
internal abstract record RegisterOutcome
{
    private RegisterOutcome()
    {
    }

    /// <param name="Client">What was stored, with its <c>client_id</c>.</param>
    /// <param name="GeneratedSecret">The secret that was made; this is the only time that anybody can read it. Null when none was made.</param>
    public sealed record Registered(ClientMetadata Client, ClientSecret? GeneratedSecret) : RegisterOutcome;

    /// <summary>The metadata breaks rules.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : RegisterOutcome;

    /// <summary>Another client has the <c>client_id</c>; nothing was changed.</summary>
    public sealed record Taken(string ClientId) : RegisterOutcome;
}

/// <summary>What became of a wish to change a client.</summary>
internal abstract record UpdateOutcome
{
    private UpdateOutcome()
    {
    }

    /// <param name="Client">What was stored.</param>
    /// <param name="GeneratedSecret">The secret that was made for a client that needed one; readable only now.</param>
    public sealed record Updated(ClientMetadata Client, ClientSecret? GeneratedSecret) : UpdateOutcome;

    /// <summary>The client is like that already; nothing was written.</summary>
    public sealed record Unchanged : UpdateOutcome;

    /// <summary>The metadata breaks rules.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : UpdateOutcome;

    /// <summary>There is no such client.</summary>
    public sealed record Unknown : UpdateOutcome;
}

/// <summary>What became of one line of an import.</summary>
internal abstract record ImportVerdict
{
    private ImportVerdict()
    {
    }

    /// <param name="ClientId">The client's identifier.</param>
    /// <param name="IdGenerated">Whether the identifier was made here; then it must be told.</param>
    /// <param name="GeneratedSecret">The secret that was made here; it must be told now or never. Null when the line brought one, or needs none.</param>
    /// <param name="Notices">What the operator should know though nothing is wrong.</param>
    public sealed record Created(string ClientId, bool IdGenerated, ClientSecret? GeneratedSecret, IReadOnlyList<MetadataProblem> Notices)
        : ImportVerdict;

    /// <summary>The client is there already, exactly so.</summary>
    public sealed record Unchanged(string ClientId) : ImportVerdict;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : ImportVerdict;
}

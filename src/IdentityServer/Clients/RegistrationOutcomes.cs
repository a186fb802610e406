using IdentityServer.Domain.Clients;

namespace IdentityServer.Clients;

/// <summary>A client that manages its own registration, as its registration access token proves.</summary>
/// <param name="RowId">The client's row.</param>
/// <param name="ClientId">The client's <c>client_id</c>.</param>
/// <param name="IssuedAt">When the <c>client_id</c> was made.</param>
/// <param name="Policy">The policy of the initial access token that it was registered with; it outlives that token.</param>
internal sealed record OwnRegistration(string RowId, string ClientId, DateTimeOffset IssuedAt, RegistrationPolicy Policy);

/// <summary>What became of a client's wish about itself.</summary>
internal abstract record SelfOutcome
{
    private SelfOutcome()
    {
    }

    /// <param name="Client">What is stored.</param>
    /// <param name="GeneratedSecret">The secret that was made; readable only now. Null when none was made.</param>
    /// <param name="Access">The registration access token.</param>
    /// <param name="IssuedAt">When the <c>client_id</c> was made.</param>
    public sealed record Stored(ClientMetadata Client, ClientSecret? GeneratedSecret, RegistrationSecret Access, DateTimeOffset IssuedAt) : SelfOutcome;

    /// <summary>The metadata breaks rules; nothing was changed, and nothing spent.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : SelfOutcome;

    /// <summary>The token was good a moment ago: meanwhile it was used up or revoked, or the client is gone.</summary>
    public sealed record Gone : SelfOutcome;
}

using IdentityServer.Domain.Clients;

namespace IdentityServer.Storage.Entities;

/// <summary>An initial access token (RFC 7591 §3). Kept when it is over: its policy holds for the clients that were registered with it.</summary>
public sealed class RegistrationToken
{
    /// <summary>What the operator calls it by; it opens nothing.</summary>
    public required string Id { get; set; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>Whom it was made for, in the operator's words.</summary>
    public required string Label { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>How many clients may still be registered with it.</summary>
    public int UsesLeft { get; set; }

    /// <summary>Space-separated scopes that its clients may ask for.</summary>
    public required string Scopes { get; set; }

    public PkcePolicy Pkce { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>That a client registered itself, and by what it manages its registration (RFC 7592).</summary>
public sealed class ClientRegistration
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>SHA-256 of the registration access token.</summary>
    public required byte[] Hash { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The <see cref="RegistrationToken.Id"/> of the initial access token.</summary>
    public required string RegistrationTokenId { get; set; }
}

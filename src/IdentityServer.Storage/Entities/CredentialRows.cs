namespace IdentityServer.Storage.Entities;

/// <summary>A secret of a client. A client may have several at once, so that one takes over from another without a gap.</summary>
public sealed class ClientSecretEntry
{
    /// <summary>What people call it by; it opens nothing.</summary>
    public Guid Id { get; set; } = Guid.CreateVersion7();

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public string? ClientRowId { get; set; }

    /// <summary>See <see cref="Domain.Clients.ClientSecretHash"/>.</summary>
    public required string Hash { get; set; }

    /// <summary>What it is for, in its owner's words; empty when nobody said.</summary>
    public string Label { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Not taken from here on; null for a secret that does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>When it was last taken; told by nodes about once a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>Not taken from here on. The row stays a while, so that its use can be told from a typing mistake.</summary>
    public DateTimeOffset? RetiredAt { get; set; }

    /// <summary>It retires by itself once it is safe to: see <see cref="Domain.Clients.SecretRotation"/>.</summary>
    public bool RetiresItself { get; set; }
}

/// <summary>That a client proved itself with a key of its own.</summary>
public sealed class ClientKeyUse
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>The key's JWK thumbprint (RFC 7638), SHA-256, base64url.</summary>
    public required string Thumbprint { get; set; }

    public DateTimeOffset FirstUsedAt { get; set; }

    public DateTimeOffset LastUsedAt { get; set; }
}

namespace IdentityServer.Storage.Entities;

/// <summary>A limit's counter over two buckets (this one and the one before), keyed by scope and subject.</summary>
public sealed class Counter
{
    /// <summary>For example <c>code-guesses/net/192.0.2.7</c>.</summary>
    public required string Key { get; set; }

    /// <summary>The bucket's number: time divided by the bucket's length.</summary>
    public long Bucket { get; set; }

    public int Count { get; set; }

    public int PreviousCount { get; set; }

    /// <summary>When the row says nothing any more and may be deleted.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A security decision, kept.</summary>
public sealed class AuditEvent
{
    public Guid Id { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>The event's stable name.</summary>
    public required string Name { get; set; }

    public Guid? UserId { get; set; }

    public string? ClientId { get; set; }

    public Guid? SessionId { get; set; }

    public Guid? ChallengeId { get; set; }

    public string? Network { get; set; }

    /// <summary>Further facts as a JSON object; never an address, a code, a token or a secret.</summary>
    public string Details { get; set; } = "{}";
}

/// <summary>A signing key; the private part is wrapped by Data Protection.</summary>
public sealed class SigningKey
{
    /// <summary>The <c>kid</c>.</summary>
    public required string Id { get; set; }

    /// <summary>A JWS algorithm name, such as <c>ES256</c>.</summary>
    public required string Algorithm { get; set; }

    /// <summary>PKCS#8, protected; empty once the key is revoked.</summary>
    public required string ProtectedKey { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Signs from here on; it is announced in the JWKS from creation.</summary>
    public DateTimeOffset ActivatesAt { get; set; }

    /// <summary>Signs no more from here on; stays in the JWKS until <see cref="ExpiresAt"/>.</summary>
    public DateTimeOffset RetiresAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>
    /// Signs nothing, is published nowhere and proves nothing from here on. The row stays until it would have expired, so that its
    /// <c>kid</c> stays known.
    /// </summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>A secret of the installation (such as a one-time-code derivation key), wrapped by Data Protection.</summary>
public sealed class InstallationSecret
{
    /// <summary>For example <c>otp-20260101-1</c>; what rows refer to.</summary>
    public required string Id { get; set; }

    public required string Purpose { get; set; }

    public required string ProtectedValue { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>What a person has let a client see: the persistent half of consent.</summary>
public sealed class ConsentGrant
{
    public Guid UserId { get; set; }

    public required string ClientId { get; set; }

    /// <summary>Space-separated scopes.</summary>
    public required string Scopes { get; set; }

    /// <summary>When the first of them was.</summary>
    public DateTimeOffset GrantedAt { get; set; }
}

/// <summary>A question that the authorization endpoint put to a person about one request, and the answer once there is one.</summary>
public sealed class ConsentQuestion
{
    /// <summary>The stored authorization request that is asked about.</summary>
    public required string RequestUri { get; set; }

    public Guid UserId { get; set; }

    public required string ClientId { get; set; }

    /// <summary>Where the person goes with the answer.</summary>
    public required string RedirectUri { get; set; }

    /// <summary>Space-separated scopes that are asked for.</summary>
    public required string Scopes { get; set; }

    /// <summary>Yes, no, or not yet.</summary>
    public bool? Allowed { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

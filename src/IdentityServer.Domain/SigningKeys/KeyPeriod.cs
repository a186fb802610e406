namespace IdentityServer.Domain.SigningKeys;

/// <summary>A signing key's life: published from its creation, signing from activation to retirement, published until it expires.</summary>
/// <param name="PublishedAt">Made then: every node publishes it <see cref="KeySchedule.Spread"/> later at the latest.</param>
/// <param name="ActivatesAt">Signs from here on.</param>
/// <param name="RetiresAt">Signs no more from here on.</param>
/// <param name="ExpiresAt">Nothing it signed can be live from here on: it leaves the published set.</param>
public sealed record KeyPeriod(DateTimeOffset PublishedAt, DateTimeOffset ActivatesAt, DateTimeOffset RetiresAt, DateTimeOffset ExpiresAt)
{
    /// <summary>True while the key's turn to sign lasts.</summary>
    public bool SignsAt(DateTimeOffset now) => ActivatesAt <= now && now < RetiresAt;

    /// <summary>True while relying parties must find the key among the published ones.</summary>
    public bool IsPublishedAt(DateTimeOffset now) => now < ExpiresAt;

    /// <summary>The same key, signing until another moment, be it earlier or later, and published as long after it as any.</summary>
    public KeyPeriod Until(DateTimeOffset retirement) => this with { RetiresAt = retirement, ExpiresAt = retirement + KeySchedule.Afterlife };
}

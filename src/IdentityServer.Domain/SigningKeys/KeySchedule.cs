namespace IdentityServer.Domain.SigningKeys;

/// <summary>A signing key's life: published from its creation, signing from activation to retirement, published until it expires.</summary>
/// <param name="ActivatesAt">Signs from here on.</param>
/// <param name="RetiresAt">Signs no more from here on.</param>
/// <param name="ExpiresAt">Nothing it signed can be live from here on: it leaves the published set.</param>
public sealed record KeyPeriod(DateTimeOffset ActivatesAt, DateTimeOffset RetiresAt, DateTimeOffset ExpiresAt)
{
    /// <summary>True while the key's turn to sign lasts.</summary>
    public bool SignsAt(DateTimeOffset now) => ActivatesAt <= now && now < RetiresAt;

    /// <summary>True while relying parties must find the key among the published ones.</summary>
    public bool IsPublishedAt(DateTimeOffset now) => now < ExpiresAt;
}

/// <summary>
/// When a signing key is announced, signs and retires. A key is published well before it signs, since relying parties keep what they
/// fetched for days, and stays for as long as something it signed may be shown to somebody.
/// </summary>
public static class KeySchedule
{
    /// <summary>How long a successor is published before it signs.</summary>
    public static readonly TimeSpan Announcement = TimeSpan.FromDays(14);

    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan Signing = TimeSpan.FromDays(90);

    /// <summary>How long a retired key stays published. Longer than any token lives; id_tokens come back as hints for a while longer.</summary>
    public static readonly TimeSpan Afterlife = TimeSpan.FromDays(30);

    /// <summary>The key that must be made now, if any: the first, the successor of one that is about to retire, or one after a long silence.</summary>
    /// <param name="keys">The keys of one algorithm.</param>
    /// <param name="now">The time.</param>
    public static KeyPeriod? Due(IReadOnlyCollection<KeyPeriod> keys, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0)
        {
            return From(now);
        }

        var covered = keys.Max(key => key.RetiresAt);
        return now < covered - Announcement ? null : From(covered > now ? covered : now);
    }

    /// <summary>
    /// The key that signs now. Between nodes whose clocks differ a moment may lie before every key's turn or after it: then the one
    /// that comes next signs, or the one that was last. All of them are published, so what they sign is good.
    /// </summary>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public static T Signer<T>(IReadOnlyCollection<T> keys, Func<T, KeyPeriod> period, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0)
        {
            throw new ArgumentException("There is no key to choose from.", nameof(keys));
        }

        var turns = keys.Where(key => period(key).SignsAt(now)).ToList();
        return turns.Count > 0 ? turns.MaxBy(key => period(key).ActivatesAt)!
            : keys.Where(key => period(key).ActivatesAt > now).MinBy(key => period(key).ActivatesAt) ?? keys.MaxBy(key => period(key).RetiresAt)!;
    }

    private static KeyPeriod From(DateTimeOffset activation) =>
        new(activation, activation + Signing, activation + Signing + Afterlife);
}

namespace IdentityServer.Domain.Clients;

/// <summary>What is known of one secret of a client when it is to be replaced.</summary>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends by itself; null when never.</param>
/// <param name="LastUsedAt">When it was last taken; null when never.</param>
/// <param name="RetiredAt">When it was retired; null while it is taken.</param>
public sealed record SecretHistory(DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RetiredAt)
{
    /// <summary>Whether it was made for one errand and not for the client: nothing that holds another secret will come to hold this one.</summary>
    public bool IsPassing => ExpiresAt is { } end && end - CreatedAt <= SecretRotation.LongestPassing;

    /// <summary>Whether it is taken at a moment.</summary>
    public bool IsActive(DateTimeOffset now) => RetiredAt is null && (ExpiresAt is null || ExpiresAt > now);
}

/// <summary>What can be said of retiring a secret.</summary>
public enum Retirement
{
    /// <summary>It is not taken any more.</summary>
    Over,

    /// <summary>It is the only one: without it the client could not prove itself.</summary>
    OnlyOne,

    /// <summary>No other secret has been used: nobody knows yet whether the client has it.</summary>
    SuccessorUnused,

    /// <summary>It was used since the other one took over, or only lately: something still holds it.</summary>
    StillUsed,

    /// <summary>Another one is in use, and this one is idle.</summary>
    Safe,
}

/// <summary>
/// When a secret can be taken away without an outage: the evidence is that a younger one is in use, and that the old one has not been for
/// a while.
/// </summary>
public static class SecretRotation
{
    /// <summary>
    /// How long a secret must be unused to count as idle: every job runs in it that runs once a week, also by local time, whose week may have
    /// an hour more.
    /// </summary>
    public static readonly TimeSpan Idle = TimeSpan.FromDays(8);

    /// <summary>A secret that ends so soon after it was made takes over from no other: a trial's lives for minutes.</summary>
    public static readonly TimeSpan LongestPassing = TimeSpan.FromHours(1);

    /// <summary>How long a secret that is over is kept, so that its use can be named.</summary>
    public static readonly TimeSpan RetiredKept = TimeSpan.FromDays(90);

    /// <summary>The most secrets that a client may have at once: enough for any change, and few enough to try each.</summary>
    public const int MostActive = 5;

    /// <summary>Judges one secret by the history of all.</summary>
    /// <param name="secret">The one that would go.</param>
    /// <param name="all">Every secret of the client, that one included.</param>
    /// <param name="now">The time.</param>
    public static Retirement Judge(SecretHistory secret, IReadOnlyCollection<SecretHistory> all, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(all);
        if (!secret.IsActive(now))
        {
            return Retirement.Over;
        }

        var others = all.Where(other => !ReferenceEquals(other, secret) && other.IsActive(now) && !other.IsPassing).ToList();
        if (others.Count == 0)
        {
            return Retirement.OnlyOne;
        }

        // Only a younger one can have taken over; an older one that is in use says nothing about this one's holders.
        var successors = others.Where(other => other.CreatedAt >= secret.CreatedAt && other.LastUsedAt is not null).ToList();
        if (successors.Count == 0)
        {
            return Retirement.SuccessorUnused;
        }

        // A secret that was never used is idle since it was made.
        return (secret.LastUsedAt ?? secret.CreatedAt) + Idle <= now ? Retirement.Safe : Retirement.StillUsed;
    }
}

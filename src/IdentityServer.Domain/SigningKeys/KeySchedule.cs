namespace IdentityServer.Domain.SigningKeys;

/// <summary>
/// When a signing key is announced, signs and retires. A key is published well before it signs, since relying parties keep what they
/// fetched for days, and stays for as long as something it signed may be shown to somebody. Everything here speaks of the keys of one
/// algorithm that are not revoked.
/// </summary>
public static class KeySchedule
{
    /// <summary>The least time for which a successor is published before it signs by itself.</summary>
    public static readonly TimeSpan Announcement = TimeSpan.FromDays(14);

    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan Signing = TimeSpan.FromDays(90);

    /// <summary>
    /// How long a retired key stays published. Tokens live for minutes, but an id_token comes back as a hint for as long as its session
    /// lives, which is two weeks at the most.
    /// </summary>
    public static readonly TimeSpan Afterlife = TimeSpan.FromDays(30);

    /// <summary>
    /// After this long every node is sure to publish a key that was made, by the clock of any: five minutes that clocks may differ, and one
    /// for nodes to look, which they do every few seconds. A key that somebody wants to sign now waits so long.
    /// </summary>
    public static readonly TimeSpan Spread = TimeSpan.FromMinutes(6);

    /// <summary>How much before its time a successor is made, so that a server that is restarted just then still keeps to the calendar.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromHours(1);

    /// <summary>The key that must be made now, if any: the first, the successor of one that is about to retire, or one after a long silence.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="now">The time.</param>
    /// <returns>
    /// Its life. Where it begins to sign later than the last one was to retire, that one signs on until then: nobody's turn is shorter
    /// than its announcement.
    /// </returns>
    public static KeyPeriod? Due(IReadOnlyCollection<KeyPeriod> keys, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var published = keys.Where(key => key.IsPublishedAt(now)).ToList();
        if (published.Count == 0)
        {
            // Nothing that anybody could have kept is of use any more.
            return Beginning(now, now);
        }

        var covered = published.Max(key => key.RetiresAt);
        return now < covered - Announcement - Margin ? null : Beginning(now, Later(covered, now + Announcement));
    }

    /// <summary>The life of a key that is made because somebody asks for it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="atOnce">As soon as every node publishes it, instead of after its announcement.</param>
    public static KeyPeriod Asked(DateTimeOffset now, bool atOnce) => Beginning(now, now + (atOnce ? Spread : Announcement));

    /// <summary>An announced key's life once it is to sign as soon as every node publishes it.</summary>
    public static KeyPeriod BroughtForward(KeyPeriod announced, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(announced);
        var activation = Later(now, announced.PublishedAt + Spread);
        return activation < announced.ActivatesAt ? Beginning(announced.PublishedAt, activation) : announced;
    }

    /// <summary>The life of a key that takes over at this very moment, because the one that signed is revoked.</summary>
    public static KeyPeriod TakingOver(DateTimeOffset published, DateTimeOffset now) => Beginning(published, now);

    /// <summary>
    /// The key whose turn ends when another's begins: its retirement moves there. None where that is this very moment and the last one has
    /// retired already.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="period">A key's life.</param>
    /// <param name="activation">When the other begins to sign.</param>
    /// <param name="now">The time.</param>
    public static T? Predecessor<T>(IEnumerable<T> keys, Func<T, KeyPeriod> period, DateTimeOffset activation, DateTimeOffset now)
        where T : class =>
        keys.Where(key => period(key).ActivatesAt < activation).MaxBy(key => period(key).ActivatesAt) is { } last
            && (activation > now || period(last).RetiresAt > now) ? last : null;

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

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static KeyPeriod Beginning(DateTimeOffset published, DateTimeOffset activation) =>
        new(published, activation, activation + Signing, activation + Signing + Afterlife);
}

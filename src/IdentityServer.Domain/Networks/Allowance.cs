namespace IdentityServer.Domain.Networks;

/// <summary>
/// Limits how often something may be done by each of many strangers, in the memory of one node. A key may spend its whole allowance at
/// once; it comes back evenly over the window, so that whoever is refused waits for one share and not for a window's end. Memory is
/// bounded: past the capacity those are forgotten who have not spent for longest, so it never keeps anybody out for lack of room.
/// </summary>
/// <param name="most">What a key may spend at once.</param>
/// <param name="window">The time in which a spent allowance comes back whole.</param>
/// <param name="capacity">How many keys are remembered.</param>
public sealed class Allowance(int most, TimeSpan window, int capacity)
{
    private readonly TimeSpan _share = window / most;

    // The moment at which a key will have everything back (the generic cell rate algorithm, ITU-T I.371): one number says it all.
    private readonly RecentEntries<TimeSpan> _whole = new(capacity);
    private readonly Lock _gate = new();

    /// <summary>Spends one.</summary>
    /// <param name="key">Who spends.</param>
    /// <param name="now">The time by a clock that never goes back.</param>
    /// <returns>Null when there was one to spend; else how long until there is, and nothing was spent.</returns>
    public TimeSpan? Spend(string key, TimeSpan now)
    {
        lock (_gate)
        {
            if (WaitOf(key, now) is { } wait)
            {
                return wait;
            }

            _whole.Set(key, WholeAt(key, now) + _share);
            return null;
        }
    }

    /// <summary>How long until a key may spend; null when it may now.</summary>
    public TimeSpan? Wait(string key, TimeSpan now)
    {
        lock (_gate)
        {
            return WaitOf(key, now);
        }
    }

    private TimeSpan? WaitOf(string key, TimeSpan now)
    {
        var wait = WholeAt(key, now) + _share - now - window;
        return wait > TimeSpan.Zero ? wait : null;
    }

    private TimeSpan WholeAt(string key, TimeSpan now) => _whole.TryGet(key, out var whole) && whole > now ? whole : now;
}

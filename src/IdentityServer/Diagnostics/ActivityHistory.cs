using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Diagnostics;

/// <summary>What happened at a client on the days up to today, each kind by itself; a day without a row counts zero.</summary>
internal sealed class ActivityHistory
{
    private readonly Dictionary<string, long[]> _byKind = new(StringComparer.Ordinal);

    private ActivityHistory(DateOnly first, int days) => (First, Days) = (first, days);

    /// <summary>The first day, in UTC.</summary>
    public DateOnly First { get; }

    /// <summary>How many days; the last is today.</summary>
    public int Days { get; }

    /// <summary>The kinds that happened at all.</summary>
    public IReadOnlyCollection<string> Kinds => _byKind.Keys;

    /// <summary>What rows say.</summary>
    /// <param name="rows">The rows of one client; those of other days are left out.</param>
    /// <param name="today">The last day, since the Unix epoch in UTC.</param>
    /// <param name="days">How many days.</param>
    public static ActivityHistory Of(IEnumerable<ClientActivityCount> rows, int today, int days)
    {
        var first = today - days + 1;
        var history = new ActivityHistory(DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(first), days);
        foreach (var row in rows.Where(row => row.Day >= first && row.Day <= today))
        {
            if (!history._byKind.TryGetValue(row.Kind, out var counts))
            {
                history._byKind.Add(row.Kind, counts = new long[days]);
            }

            counts[row.Day - first] += row.Count;
        }

        return history;
    }

    /// <summary>How often a kind happened on each day, the first day first.</summary>
    /// <param name="kind">One of <see cref="ActivityKinds"/>.</param>
    public IReadOnlyList<long> Daily(string kind) => _byKind.TryGetValue(kind, out var counts) ? counts : new long[Days];

    /// <summary>How often a kind happened on all days together.</summary>
    public long Total(string kind) => _byKind.TryGetValue(kind, out var counts) ? counts.Sum() : 0;
}

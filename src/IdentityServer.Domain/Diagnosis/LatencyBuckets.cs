using System.Globalization;

namespace IdentityServer.Domain.Diagnosis;

/// <summary>The steps by which the time of token requests is counted, so that a day needs a handful of rows whatever its traffic.</summary>
public static class LatencyBuckets
{
    /// <summary>Upper ends in milliseconds, rising; what takes longer counts in the last.</summary>
    public static IReadOnlyList<int> Ends { get; } = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

    private static readonly string[] Kinds =
        [.. Ends.Select(end => ActivityKinds.LatencyPrefix + end.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The kind under which a duration counts.</summary>
    public static string KindOf(TimeSpan elapsed)
    {
        for (var index = 0; index < Ends.Count; index++)
        {
            if (elapsed.TotalMilliseconds <= Ends[index])
            {
                return Kinds[index];
            }
        }

        return Kinds[^1];
    }

    /// <summary>The upper end, in milliseconds, of the step in which a share of all durations is reached.</summary>
    /// <param name="counts">How many durations each step holds, in the order of <see cref="Ends"/>.</param>
    /// <param name="share">Between 0 and 1; 0.5 for the median.</param>
    /// <returns>Null when nothing was counted.</returns>
    public static int? Quantile(IReadOnlyList<long> counts, double share)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var total = counts.Sum();
        var reached = 0L;
        for (var index = 0; total > 0 && index < Ends.Count; index++)
        {
            reached += counts[index];
            if (reached >= share * total)
            {
                return Ends[index];
            }
        }

        return null;
    }
}

using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Charts;

/// <summary>What the owners of a client see of what it did: some numbers, and the charts that suit its kind.</summary>
/// <param name="Totals">Numbers with their names.</param>
/// <param name="Charts">The charts, from the top.</param>
internal sealed record ActivityCharts(IReadOnlyList<(string Name, string Number)> Totals, IReadOnlyList<Chart> Charts)
{
    /// <summary>Puts them together. Nobody signs in to a client that acts for itself alone.</summary>
    public static ActivityCharts Of(Words words, ActivityHistory history, ClientKind kind)
    {
        var (failures, latency) = (FailureChart.Of(words, history), LatencyChart.Of(words, history));
        return kind is ClientKind.Machine
            ? new(
                [Total(words["client-activity.for-itself"], ActivityKinds.ForItself)],
                [DailyChart.Of(words, history, ActivityKinds.ForItself, words["client-activity.tokens-per-day"]), failures, latency])
            : new(
                [
                    Total(words["client-activity.completed"], ActivityKinds.Completed), Total(words["client-activity.declined"], ActivityKinds.Declined),
                    Total(words["client-activity.refreshed"], ActivityKinds.Refreshed), Total(words["client-activity.for-itself"], ActivityKinds.ForItself),
                ],
                [
                    DailyChart.Of(words, history, ActivityKinds.Completed, words["client-activity.sign-ins-per-day"]), FunnelChart.Of(words, history),
                    failures, latency,
                ]);

        (string, string) Total(string name, string counted) => (name, Chart.Number(words, history.Total(counted)));
    }
}

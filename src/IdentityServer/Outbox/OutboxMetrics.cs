using System.Diagnostics.Metrics;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Outbox;

/// <summary>Counts what became of messages, on the meter <c>IdentityServer</c>.</summary>
internal sealed class OutboxMetrics
{
    public const string Meter = "IdentityServer";

    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _wait;

    public OutboxMetrics(IMeterFactory meters)
    {
        // The factory owns the meter, and hands out one for all rooms that ask by this name.
        var meter = meters.Create(Meter);
        _deliveries = meter.CreateCounter<long>(
            "identityserver.outbox.deliveries", "{attempt}", "Attempts to send a message, by kind and outcome: handed_over, deferred, refused, abandoned, obsolete.");
        _wait = meter.CreateHistogram<double>(
            "identityserver.outbox.wait", "s", "From the moment a message was enqueued until a relay took it, by kind.");
    }

    public void HandedOver(OutboxMessage message, DateTimeOffset at)
    {
        Count(message.Kind, "handed_over");
        _wait.Record(Math.Max(0, (at - message.CreatedAt).TotalSeconds), new KeyValuePair<string, object?>("kind", message.Kind));
    }

    public void Deferred(OutboxMessage message) => Count(message.Kind, "deferred");

    public void Refused(OutboxMessage message) => Count(message.Kind, "refused");

    public void Abandoned(OutboxMessage message) => Count(message.Kind, "abandoned");

    public void Obsolete(OutboxMessage message) => Count(message.Kind, "obsolete");

    /// <summary>Messages that expired while no node was sending.</summary>
    public void Expired(int messages) => _deliveries.Add(messages, new KeyValuePair<string, object?>("kind", "any"), new("outcome", "abandoned"));

    private void Count(string kind, string outcome) => _deliveries.Add(1, new KeyValuePair<string, object?>("kind", kind), new("outcome", outcome));
}

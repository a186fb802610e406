using IdentityServer.Domain.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Outbox;

/// <summary>The dispatcher's reads and writes: what attempts came to, and which messages are this node's now.</summary>
internal sealed class OutboxLedger(
    IServiceScopeFactory scopes, TimeProvider time, OutboxMetrics metrics, ILogger<OutboxLedger> logger)
{
    private readonly string _node = $"{Environment.MachineName[..Math.Min(Environment.MachineName.Length, 30)]}-{Guid.NewGuid():N}";

    /// <summary>When the next message of a line can be leased, or null when none waits. Only reads.</summary>
    public async Task<DateTimeOffset?> NextDueAtAsync(OutboxQueue queue, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OutboxOperations>().NextDueAtAsync(queue, ct);
    }

    /// <summary>Writes attempts down and leases messages, in one commit.</summary>
    /// <param name="queue">The line of messages.</param>
    /// <param name="attempts">What has come to an end.</param>
    /// <param name="room">How many messages to lease at most; may be 0.</param>
    /// <param name="clear">Whether to abandon what expired unsent, too.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>The leased messages, and the earliest next try among the attempts.</returns>
    public async Task<(IReadOnlyList<OutboxMessage> Leased, DateTimeOffset? NextTryAt)> TurnAsync(
        OutboxQueue queue, IReadOnlyCollection<Attempt> attempts, int room, bool clear, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var unit = scope.ServiceProvider.GetRequiredService<UnitOfWork>();
        var outbox = scope.ServiceProvider.GetRequiredService<OutboxOperations>();
        if (attempts.Count + (clear ? 1 : 0) + (room > 0 ? 1 : 0) > 1)
        {
            await unit.BeginAsync(ct); // A single statement commits by itself.
        }

        var written = new List<Action>(attempts.Count);
        DateTimeOffset? nextTryAt = null;
        foreach (var attempt in attempts)
        {
            var (tell, tryAt) = await WriteAsync(outbox, attempt, ct);
            written.Add(tell);
            nextTryAt = tryAt is null || nextTryAt < tryAt ? nextTryAt : tryAt;
        }

        var expired = clear ? await outbox.AbandonExpiredAsync(queue, time.GetUtcNow(), ct) : 0;
        var leased = room > 0 ? await outbox.LeaseAsync(queue, time.GetUtcNow(), _node, OutboxLimits.Lease, room, ct) : [];
        await unit.CommitAsync(ct);

        // Told only once it is durable: a turn that fails is taken again and must not count twice.
        written.ForEach(tell => tell());
        if (expired > 0)
        {
            metrics.Expired(expired);
            OutboxLog.Expired(logger, expired);
        }

        return (leased, nextTryAt);
    }

    private async Task<(Action Tell, DateTimeOffset? TryAt)> WriteAsync(OutboxOperations outbox, Attempt attempt, CancellationToken ct)
    {
        var (message, outcome, at) = attempt;
        var tryAt = outcome is DeliveryOutcome.Deferred ? RetrySchedule.Next(message.Queue, message.Failures + 1, at, message.ExpiresAt) : null;
        var held = (outcome, tryAt) switch
        {
            (DeliveryOutcome.HandedOver(var reply), _) => await outbox.HandedOverAsync(message, at, reply, ct),
            (DeliveryOutcome.Refused(var reply), _) => await outbox.RefuseAsync(message, reply, ct),
            (DeliveryOutcome.Deferred(var reply), { } next) => await outbox.DeferAsync(message, next, reply, ct),
            _ => await outbox.AbandonAsync(message, ct),
        };
        return (held ? () => Tell(message, outcome, at, tryAt) : () => OutboxLog.LeaseLost(logger, message.Id, message.Kind), tryAt);
    }

    private void Tell(OutboxMessage message, DeliveryOutcome outcome, DateTimeOffset at, DateTimeOffset? tryAt)
    {
        switch (outcome)
        {
            case DeliveryOutcome.HandedOver:
                metrics.HandedOver(message, at);
                break;
            case DeliveryOutcome.Refused(var reply):
                metrics.Refused(message);
                OutboxLog.Refused(logger, message.Id, message.Kind, reply);
                break;
            case DeliveryOutcome.Deferred(var reply) when tryAt is { } next:
                metrics.Deferred(message);
                OutboxLog.Deferred(logger, message.Id, message.Kind, message.Failures + 1, next, reply);
                break;
            case DeliveryOutcome.Deferred(var reply):
                metrics.Abandoned(message);
                OutboxLog.Abandoned(logger, message.Id, message.Kind, reply);
                break;
            case DeliveryOutcome.Obsolete:
                metrics.Obsolete(message);
                break;
        }
    }
}

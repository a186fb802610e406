using IdentityServer.Storage.Entities;

namespace IdentityServer.Outbox;

/// <summary>What one attempt came to, and when.</summary>
internal sealed record Attempt(OutboxMessage Message, DeliveryOutcome Outcome, DateTimeOffset At);

/// <summary>Makes one attempt at one leased message: finds the handler, bounds its time, turns whatever happens into an outcome.</summary>
internal sealed class OutboxCourier(IServiceScopeFactory scopes, TimeProvider time, ILogger<OutboxCourier> logger)
{
    /// <summary>Never throws.</summary>
    /// <param name="message">Leased a moment ago.</param>
    /// <param name="stop">Cancelled when the host can wait no longer.</param>
    public async Task<Attempt> DeliverAsync(OutboxMessage message, CancellationToken stop)
    {
        DeliveryOutcome outcome;
        try
        {
            outcome = await AttemptAsync(message, stop);
        }
        catch (OperationCanceledException)
        {
            outcome = new DeliveryOutcome.Deferred("No answer in time.");
        }
        catch (Exception exception)
        {
            OutboxLog.Failed(logger, message.Id, message.Kind, exception.GetType().Name, exception.StackTrace);
            outcome = new DeliveryOutcome.Deferred();
        }

        return new Attempt(message, outcome, time.GetUtcNow());
    }

    private async Task<DeliveryOutcome> AttemptAsync(OutboxMessage message, CancellationToken stop)
    {
        // Nothing is under way any more when the message expires, nor when another node could lease it.
        var end = message.LeasedUntil!.Value - (OutboxLimits.Lease - OutboxLimits.Delivery);
        var left = (message.ExpiresAt < end ? message.ExpiresAt : end) - time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            return new DeliveryOutcome.Deferred();
        }

        using var limit = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        await using var scope = scopes.CreateAsyncScope();
        if (scope.ServiceProvider.GetServices<IOutboxHandler>().FirstOrDefault(handler => handler.Kind == message.Kind) is { } handler)
        {
            return await handler.DeliverAsync(message, either.Token);
        }

        OutboxLog.UnknownKind(logger, message.Id, message.Kind);
        return new DeliveryOutcome.Deferred();
    }
}

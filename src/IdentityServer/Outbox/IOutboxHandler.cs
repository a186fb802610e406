using IdentityServer.Storage.Entities;

namespace IdentityServer.Outbox;

/// <summary>Delivers the messages of one kind. Resolved in a scope of its own for each message.</summary>
internal interface IOutboxHandler
{
    /// <summary>The <see cref="OutboxMessage.Kind"/> that this handler delivers; one handler a kind.</summary>
    string Kind { get; }

    /// <summary>Makes one attempt. The message is a copy: the dispatcher alone writes what became of it.</summary>
    /// <param name="message">The leased message.</param>
    /// <param name="ct">Cancelled when the lease nears its end, when the message expires, or when the host stops.</param>
    /// <returns>What became of it. An exception counts as <see cref="DeliveryOutcome.Deferred"/>.</returns>
    Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken ct);
}

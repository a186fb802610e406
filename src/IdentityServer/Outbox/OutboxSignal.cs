using IdentityServer.Domain.Outbox;

namespace IdentityServer.Outbox;

/// <summary>
/// Wakes this node's dispatcher. Call it after the transaction that wrote a message has committed; a call that is lost (a crash in
/// between, another node) costs a moment of waiting, never the message.
/// </summary>
internal sealed class OutboxSignal
{
    private readonly TaskCompletionSource[] _raised = [.. Enum.GetValues<OutboxQueue>().Select(_ => New())];

    /// <summary>Something was enqueued. Cheap, and many calls in a row wake the dispatcher once.</summary>
    public void Notify(OutboxQueue queue = OutboxQueue.Mail) => Volatile.Read(ref _raised[(int)queue]).TrySetResult();

    /// <summary>Completes once <see cref="Notify"/> has been called for this line since the last <see cref="Reset"/>.</summary>
    internal Task Raised(OutboxQueue queue) => Volatile.Read(ref _raised[(int)queue]).Task;

    /// <summary>Lowers the signal. What was enqueued before this call is seen by a look at the table after it.</summary>
    /// <returns>Whether it had been raised.</returns>
    internal bool Reset(OutboxQueue queue)
    {
        if (!Raised(queue).IsCompleted)
        {
            return false;
        }

        Volatile.Write(ref _raised[(int)queue], New());
        return true;
    }

    // Continuations run elsewhere: a sign-in that notifies must not find itself sending mail.
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

using IdentityServer.Outbox;
using MimeKit;

namespace IdentityServer.Mail.Relays;

/// <summary>
/// Hands mail to the configured relays, tried in order; one that failed lately comes last. Goes on to the next relay only while it is
/// certain that none has the message: after a lost answer it is tried again later, on schedule, and nowhere else.
/// </summary>
internal sealed class RelayMailTransport : IMailTransport, IAsyncDisposable
{
    private readonly Relay[] _relays;
    private readonly TimeProvider _time;

    public RelayMailTransport(MailSettings settings, TimeProvider time, ILogger<Relay> logger)
    {
        _time = time;
        _relays = [.. settings.Relays.Select(relay => new Relay(relay, time, logger))];
    }

    /// <inheritdoc />
    public async Task<DeliveryOutcome> SendAsync(MimeMessage message, CancellationToken ct)
    {
        var deadline = new RelayDeadline(_time, ct);
        string? last = null;
        foreach (var relay in _relays.OrderBy(relay => relay.Health.Rests))
        {
            var answer = await relay.SendAsync(message, deadline);
            switch (answer)
            {
                case RelayAnswer.Taken(var reply):
                    return new DeliveryOutcome.HandedOver(reply);
                case RelayAnswer.Rejected(var reply):
                    return new DeliveryOutcome.Refused(reply);
                case RelayAnswer.Unknown(var reply):
                    ct.ThrowIfCancellationRequested();
                    return new DeliveryOutcome.Deferred(reply);
                case RelayAnswer.Postponed(var reply):
                    last = reply;
                    break;
                case RelayAnswer.Unavailable(var reply):
                    last ??= reply;
                    break;
            }

            ct.ThrowIfCancellationRequested();
            if (deadline.Left == TimeSpan.Zero)
            {
                break;
            }
        }

        return new DeliveryOutcome.Deferred(last);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }
    }
}

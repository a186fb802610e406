using IdentityServer.Domain.Outbox;

namespace IdentityServer.Outbox;

/// <summary>
/// Sends what stands in one line of the outbox: a loop that leases what is due, keeps a few deliveries under way, and writes down what
/// became of them. It wakes at the signal, when a delivery ends, when the next message is due, and every few seconds for what other nodes left
/// behind. An outcome is kept until it is written, however long the database is away: forgetting it would send a mail twice.
/// </summary>
internal sealed class OutboxDispatcher(
    OutboxQueue queue, OutboxLedger ledger, OutboxCourier courier, OutboxSignal signal, TimeProvider time, ILogger<OutboxDispatcher> logger)
    : BackgroundService
{
    private readonly List<Task<Attempt>> _underWay = new(OutboxLimits.Lanes);
    private readonly List<Attempt> _ended = [];
    private readonly CancellationTokenSource _stop = new();

    // When the table is to be looked at again, unless the signal comes first.
    private DateTimeOffset _lookAt = DateTimeOffset.MinValue;

    // The last lease filled every lane, so more may be due already.
    private bool _more;
    private int _failures;

    internal OutboxQueue Queue => queue;

    public override void Dispose()
    {
        _stop.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TurnAsync(stoppingToken);
                if (_failures > 0)
                {
                    _failures = 0;
                    OutboxLog.StorageRecovered(logger);
                }

                await WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                await PauseAsync(exception, stoppingToken);
            }
        }

        await DrainAsync();
    }

    private int Room => OutboxLimits.Lanes - _underWay.Count;

    private async Task TurnAsync(CancellationToken ct)
    {
        Collect();
        _more |= _ended.Exists(static attempt => attempt.Message.ClientRowId is not null); // the client's next one may go now
        var signalled = Room > 0 && signal.Reset(queue);
        var clear = false;
        try
        {
            var room = Room > 0 && (signalled || _more) ? Room : 0;
            if (room == 0 && Room > 0 && time.GetUtcNow() >= _lookAt)
            {
                // The quiet case: one read, and a write only when there is something to write.
                var next = await ledger.NextDueAtAsync(queue, ct);
                var due = next <= time.GetUtcNow();
                (room, clear) = due ? (Room, true) : (0, false);
                _lookAt = Earlier(time.GetUtcNow() + OutboxLimits.Poll, due ? null : next);
            }

            if (room > 0 || _ended.Count > 0)
            {
                await WriteAsync(room, clear, ct);
            }
        }
        catch when (signalled)
        {
            signal.Notify(queue); // What it told of has not been looked at.
            throw;
        }
    }

    private async Task WriteAsync(int room, bool clear, CancellationToken ct)
    {
        var (leased, nextTryAt) = await ledger.TurnAsync(queue, _ended, room, clear, ct);
        _ended.Clear();
        _lookAt = Earlier(_lookAt, nextTryAt);
        if (room > 0)
        {
            _more = leased.Count == room;
        }

        foreach (var message in leased)
        {
            // On the pool, so that a handler's work never holds up the loop.
            _underWay.Add(Task.Run(() => courier.DeliverAsync(message, _stop.Token), CancellationToken.None));
        }
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var events = new List<Task>(_underWay.Count + 2);
        events.AddRange(_underWay);
        if (Room > 0)
        {
            var wait = _lookAt - time.GetUtcNow();
            events.Add(signal.Raised(queue));
            events.Add(Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, wake.Token));
        }
        else
        {
            events.Add(Task.Delay(Timeout.InfiniteTimeSpan, time, wake.Token));
        }

        await Task.WhenAny(events);
        await wake.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private async Task PauseAsync(Exception exception, CancellationToken ct)
    {
        if (_failures == 0)
        {
            OutboxLog.StorageFailed(logger, exception);
        }

        var pause = OutboxLimits.FirstPause * Math.Pow(2, Math.Min(_failures++, 10));
        try
        {
            await Task.Delay(pause < OutboxLimits.LongestPause ? pause : OutboxLimits.LongestPause, time, ct);
        }
        catch (OperationCanceledException)
        {
            // The loop ends.
        }
    }

    // Lets deliveries end, stops those that don't, and writes down what became of all. What cannot be written is leased until it lapses.
    private async Task DrainAsync()
    {
        var all = Task.WhenAll(_underWay);
        await Task.WhenAny(all, Task.Delay(OutboxLimits.Drain, time, CancellationToken.None));
        await _stop.CancelAsync();
        await all;
        Collect();
        if (_ended.Count == 0)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(OutboxLimits.Drain, time);
            await ledger.TurnAsync(queue, _ended, room: 0, clear: false, limit.Token);
        }
        catch (Exception exception)
        {
            OutboxLog.StorageFailed(logger, exception);
        }
    }

    private void Collect()
    {
        for (var index = _underWay.Count - 1; index >= 0; index--)
        {
            if (_underWay[index].IsCompleted)
            {
                _ended.Add(_underWay[index].Result);
                _underWay.RemoveAt(index);
            }
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;
}

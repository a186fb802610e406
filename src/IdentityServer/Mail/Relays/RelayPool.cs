using MailKit;
using MailKit.Net.Smtp;

namespace IdentityServer.Mail.Relays;

/// <summary>
/// The open connections to one relay. The last returned is the first rented, so that in quiet times one connection does the work and
/// the others go idle and are closed. How many are open at a time follows from how many messages the outbox sends at a time.
/// </summary>
internal sealed class RelayPool : IAsyncDisposable
{
    private readonly RelaySettings _settings;
    private readonly TimeProvider _time;
    private readonly Stack<RelayConnection> _idle = new();
    private readonly Lock _lock = new();
    private readonly ITimer _sweep;
    private bool _disposed;

    public RelayPool(RelaySettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
        _sweep = time.CreateTimer(static pool => _ = ((RelayPool)pool!).SweepAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>An idle connection that still answers, or a new one.</summary>
    public async Task<(RelayConnection Connection, bool Used)> RentAsync(CancellationToken ct)
    {
        while (TakeIdle() is { } idle)
        {
            if (await AnswersAsync(idle, ct))
            {
                return (idle, true);
            }

            idle.Dispose();
        }

        var connection = new RelayConnection();
        try
        {
            await connection.OpenAsync(_settings, ct);
            return (connection, false);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Gives a connection back; a broken, worn or surplus one is closed.</summary>
    public async Task ReturnAsync(RelayConnection connection)
    {
        if (!connection.IsConnected)
        {
            connection.Dispose();
            return;
        }

        connection.IdleSince = _time.GetUtcNow();
        if (connection.Messages >= RelayLimits.MessagesPerConnection || !Keep(connection))
        {
            await CloseAsync(connection);
        }
    }

    /// <summary>Drops all idle connections: one of them proved dead, so the relay was likely restarted.</summary>
    public void Forget()
    {
        while (TakeIdle() is { } idle)
        {
            idle.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        await _sweep.DisposeAsync();
        while (TakeIdle() is { } idle)
        {
            await CloseAsync(idle);
        }
    }

    private bool Keep(RelayConnection connection)
    {
        lock (_lock)
        {
            if (_disposed || _idle.Count >= RelayLimits.IdleConnections)
            {
                return false;
            }

            if (_idle.Count == 0)
            {
                _sweep.Change(RelayLimits.MaxIdle, Timeout.InfiniteTimeSpan);
            }

            _idle.Push(connection);
            return true;
        }
    }

    private RelayConnection? TakeIdle()
    {
        lock (_lock)
        {
            return _idle.TryPop(out var connection) ? connection : null;
        }
    }

    private async Task<bool> AnswersAsync(RelayConnection connection, CancellationToken ct)
    {
        if (_time.GetUtcNow() - connection.IdleSince < RelayLimits.AskAfter)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(RelayLimits.Ask, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await connection.NoOpAsync(either.Token);
            return true;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or SmtpProtocolException or SmtpCommandException
            or ServiceNotConnectedException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task SweepAsync()
    {
        var old = new List<RelayConnection>();
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var kept = _idle.Reverse().ToArray();
            _idle.Clear();
            foreach (var connection in kept)
            {
                if (now - connection.IdleSince >= RelayLimits.MaxIdle)
                {
                    old.Add(connection);
                }
                else
                {
                    _idle.Push(connection);
                }
            }

            if (_idle.Count > 0 && !_disposed)
            {
                _sweep.Change(RelayLimits.MaxIdle, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var connection in old)
        {
            await CloseAsync(connection);
        }
    }

    // Says goodbye, but waits for no answer that does not come.
    private async Task CloseAsync(RelayConnection connection)
    {
        using var limit = new CancellationTokenSource(RelayLimits.Ask, _time);
        try
        {
            await connection.DisconnectAsync(quit: true, limit.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is gone either way.
        }
        finally
        {
            connection.Dispose();
        }
    }
}

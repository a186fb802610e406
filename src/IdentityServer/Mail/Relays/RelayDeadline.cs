namespace IdentityServer.Mail.Relays;

/// <summary>The time that an attempt over all relays has. On the injected clock, so that tests need not wait.</summary>
internal sealed class RelayDeadline(TimeProvider time, CancellationToken caller)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Cancelled when the caller gives up.</summary>
    public CancellationToken Caller => caller;

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Left
    {
        get
        {
            var left = RelayLimits.Total - time.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Begins a try at one relay.</summary>
    public RelayTimer Begin() => new(this, time);
}

/// <summary>The time that one try at a relay has, step by step.</summary>
internal sealed class RelayTimer : IDisposable
{
    private readonly RelayDeadline _deadline;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    public RelayTimer(RelayDeadline deadline, TimeProvider time)
    {
        _deadline = deadline;
        _source = new CancellationTokenSource(deadline.Left, time);
        _registration = deadline.Caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Cancelled when the current step or the whole takes too long, or when the caller gives up.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Begins a step that may take only so long.</summary>
    public void Limit(TimeSpan step) => _source.CancelAfter(step < _deadline.Left ? step : _deadline.Left);

    /// <summary>Gives the step under way all that is left.</summary>
    public void ExtendToTotal() => _source.CancelAfter(_deadline.Left);

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}

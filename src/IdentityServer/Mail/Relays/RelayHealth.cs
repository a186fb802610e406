namespace IdentityServer.Mail.Relays;

/// <summary>
/// Remembers that a relay failed, so that the next messages don't each wait for it first. It never keeps a message from being tried:
/// when every relay rests, all are tried all the same.
/// </summary>
internal sealed class RelayHealth(TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _restsUntil;
    private int _failures;

    /// <summary>Others should be tried first.</summary>
    public bool Rests
    {
        get
        {
            lock (_lock)
            {
                return time.GetUtcNow() < _restsUntil;
            }
        }
    }

    /// <summary>Notes a failure.</summary>
    /// <returns>Whether it is the first after things went well: worth a line in the log.</returns>
    public bool Failed()
    {
        lock (_lock)
        {
            // Several messages may fail on one outage; only a failure after a rest makes the next rest longer.
            if (time.GetUtcNow() >= _restsUntil)
            {
                var rest = RelayLimits.FirstRest * Math.Pow(2, Math.Min(_failures, 8));
                _restsUntil = time.GetUtcNow() + (rest < RelayLimits.LongestRest ? rest : RelayLimits.LongestRest);
                _failures++;
                return _failures == 1;
            }

            return false;
        }
    }

    /// <summary>Notes an answer.</summary>
    /// <returns>Whether the relay had failed before.</returns>
    public bool Worked()
    {
        lock (_lock)
        {
            var failed = _failures > 0;
            _failures = 0;
            _restsUntil = default;
            return failed;
        }
    }
}

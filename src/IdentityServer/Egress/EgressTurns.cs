namespace IdentityServer.Egress;

/// <summary>
/// Lets so many requests out at a time, and few of them to one host: a host that answers slowly holds up its own requests and not
/// everybody's, and nobody is flooded through us.
/// </summary>
internal sealed class EgressTurns
{
    /// <summary>Requests under way at a time.</summary>
    public const int InAll = 32;

    /// <summary>Requests under way at a time to one host.</summary>
    public const int PerHost = 4;

    /// <summary>Requests that wait or are under way; one more is turned away, so that memory stays bounded.</summary>
    public const int Crowd = 512;

    private readonly Host _everybody = new("", InAll);
    private readonly Dictionary<string, Host> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();
    private int _crowd;

    /// <summary>Waits for a turn, which ends when the result is disposed of.</summary>
    /// <returns>The turn; null when too many wait already.</returns>
    /// <exception cref="OperationCanceledException">The wait was too long.</exception>
    public async Task<IDisposable?> TakeAsync(string name, CancellationToken ct)
    {
        Host host;
        lock (_gate)
        {
            if (_crowd >= Crowd)
            {
                return null;
            }

            _crowd++;
            host = _hosts.TryGetValue(name, out var known) ? known : _hosts[name] = new(name, PerHost);
            host.Users++;
        }

        // The host's turn first: whoever waits for a slow host must not take one of everybody's meanwhile.
        var turn = new Turn(this, host);
        try
        {
            await host.Slots.WaitAsync(ct);
            turn.HasHost = true;
            await _everybody.Slots.WaitAsync(ct);
            turn.HasAll = true;
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private void Leave(Host host)
    {
        lock (_gate)
        {
            _crowd--;
            if (--host.Users == 0)
            {
                _hosts.Remove(host.Name);
            }
        }
    }

    private sealed class Host(string name, int slots)
    {
        public string Name => name;

        public SemaphoreSlim Slots { get; } = new(slots);

        /// <summary>Those that wait for it or have it; guarded by the gate.</summary>
        public int Users { get; set; }
    }

    private sealed class Turn(EgressTurns turns, Host host) : IDisposable
    {
        private int _over;

        public bool HasHost { get; set; }

        public bool HasAll { get; set; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) != 0)
            {
                return;
            }

            if (HasAll)
            {
                turns._everybody.Slots.Release();
            }

            if (HasHost)
            {
                host.Slots.Release();
            }

            turns.Leave(host);
        }
    }
}

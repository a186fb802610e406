namespace IdentityServer.Egress;

/// <summary>
/// Documents that were fetched of late, in the memory of one node. Many who need the same one wait for one fetch; an address that fails
/// is left alone for a moment; and the room is bounded in entries and bytes: what was not used for longest goes first.
/// </summary>
/// <param name="client">Fetches.</param>
/// <param name="time">The clock.</param>
/// <param name="mostEntries">How many addresses are remembered.</param>
/// <param name="mostBytes">What all of them may take, bodies and addresses together.</param>
internal sealed class EgressCache(EgressClient client, TimeProvider time, int mostEntries = 1_000, int mostBytes = 16 * 1024 * 1024)
{
    /// <summary>How long a failure is answered from memory.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    /// <summary>How far apart fetches of an address are that <see cref="GetFreshAsync"/> begins.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private readonly Dictionary<string, Lazy<Task<EgressAnswer>>> _underWay = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _bytes;

    /// <summary>What is at an address, from memory if it was fetched less than a lifetime ago.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the fetch goes on for the others.</exception>
    public Task<EgressAnswer> GetAsync(Uri address, EgressRules rules, TimeSpan lifetime, CancellationToken ct) =>
        GetAsync(address, rules, lifetime, fresh: false, ct);

    /// <summary>
    /// Asks the address again, for a caller that did not find what it needs in what is kept, such as a key that was signed with. Not
    /// more often than <see cref="Spacing"/> allows: whoever sends tokens with made-up keys must not make us hammer a client. Between,
    /// and when the address fails now, the answer is what is kept.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the fetch goes on for the others.</exception>
    public Task<EgressAnswer> GetFreshAsync(Uri address, EgressRules rules, TimeSpan lifetime, CancellationToken ct) =>
        GetAsync(address, rules, lifetime, fresh: true, ct);

    private async Task<EgressAnswer> GetAsync(Uri address, EgressRules rules, TimeSpan lifetime, bool fresh, CancellationToken ct)
    {
        var key = $"{rules.Name} {(address.IsAbsoluteUri ? address.AbsoluteUri : address.OriginalString)}";
        Lazy<Task<EgressAnswer>> fetch;
        lock (_gate)
        {
            var entry = Find(key);
            if (entry is not null && !(fresh && MayAskAgain(entry)) && Kept(entry, lifetime, fresh ? Spacing : Rest) is { } kept)
            {
                return kept;
            }

            if (!_underWay.TryGetValue(key, out fetch!))
            {
                // Nobody's token: the one who asked first may go away, and the others still wait.
                fetch = _underWay[key] = new(() => FetchAsync(key, address, rules));
            }
        }

        var answer = await fetch.Value.WaitAsync(ct);
        if (answer is EgressAnswer.Answered)
        {
            return answer;
        }

        lock (_gate)
        {
            return Find(key) is { } entry && Good(entry, lifetime) is { } good ? good : answer;
        }
    }

    private async Task<EgressAnswer> FetchAsync(string key, Uri address, EgressRules rules)
    {
        var start = time.GetTimestamp();
        EgressAnswer? answer = null;
        try
        {
            return answer = await client.GetAsync(address, rules, CancellationToken.None);
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(key);
                if (answer is not null)
                {
                    Keep(key, answer, start);
                }
            }
        }
    }

    private bool MayAskAgain(Entry entry) => time.GetElapsedTime(entry.AskedAt) >= Spacing;

    private EgressAnswer? Kept(Entry entry, TimeSpan lifetime, TimeSpan rest) =>
        Good(entry, lifetime) ?? (entry.Failure is { } failure && time.GetElapsedTime(entry.FailedAt) < rest ? failure : null);

    private EgressAnswer.Answered? Good(Entry entry, TimeSpan lifetime) =>
        entry.Good is { } good && time.GetElapsedTime(entry.GoodAt) < lifetime ? good : null;

    private Entry? Find(string key)
    {
        if (!_entries.TryGetValue(key, out var node))
        {
            return null;
        }

        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value;
    }

    private void Keep(string key, EgressAnswer answer, long start)
    {
        if (Find(key) is not { } entry)
        {
            entry = new Entry(key);
            _entries[key] = _byUse.AddFirst(entry);
            _bytes += entry.Bytes;
        }

        // A failure leaves the last good answer where it is: its time is not over because the address has trouble now.
        _bytes -= entry.Bytes;
        entry.AskedAt = start;
        if (answer is EgressAnswer.Answered good)
        {
            (entry.Good, entry.GoodAt, entry.Failure) = (good, start, null);
        }
        else
        {
            (entry.Failure, entry.FailedAt) = (answer, time.GetTimestamp());
        }

        _bytes += entry.Bytes;
        while (_entries.Count > mostEntries || (_bytes > mostBytes && _entries.Count > 0))
        {
            var last = _byUse.Last!.Value;
            _byUse.RemoveLast();
            _entries.Remove(last.Key);
            _bytes -= last.Bytes;
        }
    }

    private sealed class Entry(string key)
    {
        public string Key => key;

        public EgressAnswer.Answered? Good { get; set; }

        /// <summary>When the request began that brought <see cref="Good"/>.</summary>
        public long GoodAt { get; set; }

        /// <summary>What became of the last request, if it was not a good answer.</summary>
        public EgressAnswer? Failure { get; set; }

        /// <summary>When that was known. It may have taken all the time that a request has, so the rest is counted from here.</summary>
        public long FailedAt { get; set; }

        /// <summary>When the last request began.</summary>
        public long AskedAt { get; set; }

        public int Bytes => (2 * key.Length) + (Good?.Body.Length ?? 0);
    }
}

using System.Collections.Concurrent;

namespace IdentityServer.Clients.Credentials;

/// <summary>
/// Slow checks, one at a time for each client and few at a time for all: who floods one client waits for itself, and a flood over many
/// clients leaves cores free for the rest of the house.
/// </summary>
/// <param name="places">Checks of one client that may run or wait, before strangers are turned away.</param>
/// <param name="cores">Checks that run at a time.</param>
internal sealed class ClientQueues(int places, int cores) : IDisposable
{
    private readonly Dictionary<string, Queue> _queues = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Client, string Mark), Lazy<Task<bool?>>> _shared = new();
    private readonly SemaphoreSlim _cores = new(cores);
    private readonly Lock _gate = new();

    /// <summary>Runs a check when its turn comes, however long the queue is.</summary>
    public async Task<bool> RunAsync(string client, Func<bool> check, CancellationToken cancellationToken) =>
        await RunAsync(Enter(client, int.MaxValue)!, client, check, cancellationToken);

    /// <summary>Runs a check, or shares the one of the same mark that is under way.</summary>
    /// <returns>Null when the client's places are taken.</returns>
    public async Task<bool?> TryShareAsync(string client, string mark, Func<bool> check, CancellationToken cancellationToken)
    {
        var shared = _shared.GetOrAdd((client, mark), key => new(() => Share(key, check)));
        return await shared.Value.WaitAsync(cancellationToken);
    }

    public void Dispose() => _cores.Dispose();

    private Task<bool?> Share((string Client, string Mark) key, Func<bool> check)
    {
        if (Enter(key.Client, places) is { } queue)
        {
            return Task.Run(() => ShareAsync(queue, key, check), CancellationToken.None);
        }

        _shared.TryRemove(key, out _);
        return Task.FromResult<bool?>(null);
    }

    // Nobody who shares a check may end it for the others, so it cannot be cancelled; it is short.
    private async Task<bool?> ShareAsync(Queue queue, (string Client, string Mark) key, Func<bool> check)
    {
        try
        {
            return await RunAsync(queue, key.Client, check, CancellationToken.None);
        }
        finally
        {
            _shared.TryRemove(key, out _);
        }
    }

    private async Task<bool> RunAsync(Queue queue, string client, Func<bool> check, CancellationToken cancellationToken)
    {
        try
        {
            await queue.Turn.WaitAsync(cancellationToken);
            try
            {
                await _cores.WaitAsync(cancellationToken);
                try
                {
                    return check();
                }
                finally
                {
                    _cores.Release();
                }
            }
            finally
            {
                queue.Turn.Release();
            }
        }
        finally
        {
            Leave(client, queue);
        }
    }

    private Queue? Enter(string client, int most)
    {
        lock (_gate)
        {
            if (!_queues.TryGetValue(client, out var queue))
            {
                queue = new Queue();
                _queues.Add(client, queue);
            }

            if (queue.Count >= most)
            {
                return null;
            }

            queue.Count++;
            return queue;
        }
    }

    private void Leave(string client, Queue queue)
    {
        lock (_gate)
        {
            queue.Count--;
            if (queue.Count == 0)
            {
                _queues.Remove(client);
                queue.Turn.Dispose();
            }
        }
    }

    private sealed class Queue
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public int Count { get; set; }
    }
}

using System.Runtime.InteropServices;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Diagnostics;

/// <summary>
/// What this node knows of its clients' requests and has not written yet. It stands in the path of every token, so a call does no more than
/// look into a dictionary; <see cref="InsightWriter"/> writes now and then. A crash loses half a minute of counts, and nothing else.
/// </summary>
internal sealed partial class ClientInsight(TimeProvider clock, ILogger<ClientInsight> logger)
{
    /// <summary>The most entries of a sort that are kept while the database is away. What is new beyond it is dropped.</summary>
    internal const int Capacity = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _failuresOfHour = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Client, string Code), int> _beyondOfHour = [];
    private Dictionary<CountKey, long> _counts = [];
    private Dictionary<string, DateTimeOffset> _uses = new(StringComparer.Ordinal);
    private Dictionary<(string Client, Guid Secret), DateTimeOffset> _secrets = [];
    private Dictionary<(string Client, string Thumbprint), (DateTimeOffset First, DateTimeOffset Last)> _keys = [];
    private List<ClientFailure> _failures = [];
    private TaskCompletionSource _failed = NewSignal();
    private long _hour;

    /// <summary>Completes once a failure waits to be written.</summary>
    internal Task FailureWaits
    {
        get
        {
            lock (_gate)
            {
                return _failed.Task;
            }
        }
    }

    /// <summary>Counts one for a client, today.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="activityKind">One of <see cref="ActivityKinds"/>.</param>
    public void Count(string clientRowId, string activityKind)
    {
        var day = DayOf(clock.GetUtcNow());
        lock (_gate)
        {
            Add(new(clientRowId, day, activityKind), 1);
        }
    }

    /// <summary>A client was given tokens.</summary>
    public void Used(string clientRowId)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            Forwards(_uses, clientRowId, now);
        }
    }

    /// <summary>A client proved itself with a secret.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="secretId">The secret's row.</param>
    public void SecretUsed(string clientRowId, Guid secretId)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            Forwards(_secrets, (clientRowId, secretId), now);
        }
    }

    /// <summary>A client proved itself with a key.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="thumbprint">The key's JWK thumbprint (RFC 7638), SHA-256, base64url.</param>
    public void KeyUsed(string clientRowId, string thumbprint)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            Forwards(_keys, (clientRowId, thumbprint), (now, now));
        }
    }

    /// <summary>Takes over what a request left behind.</summary>
    /// <param name="trail">The trail; nothing is taken of one that concerns no client.</param>
    /// <param name="elapsed">How long a request to the token endpoint took; null for another endpoint.</param>
    public void Take(ClientTrail trail, TimeSpan? elapsed)
    {
        if (trail.ClientRowId is not { } client)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var day = DayOf(now);
        var failure = trail.Failure(now);
        var full = false;
        lock (_gate)
        {
            foreach (var kind in trail.Kinds)
            {
                Add(new(client, day, kind), 1);
            }

            if (elapsed is { } took)
            {
                Add(new(client, day, LatencyBuckets.KindOf(took)), 1);
            }

            if (failure is not null)
            {
                Add(new(client, day, ActivityKinds.FailurePrefix + failure.Code), 1);
                full = KeepWithinBounds(failure);
            }
        }

        if (full)
        {
            LogFull(logger, client, DiagnosisPolicy.FailuresPerHour);
        }
    }

    /// <summary>Hands out all that is not written yet, and begins anew.</summary>
    internal InsightBatch TakeAll()
    {
        lock (_gate)
        {
            var batch = new InsightBatch(
                [.. _counts.Select(entry => new ClientActivityCount
                {
                    ClientRowId = entry.Key.Client, Day = entry.Key.Day, Kind = entry.Key.Kind, Count = entry.Value,
                })],
                [.. _uses.Select(entry => new ClientUse(entry.Key, entry.Value))],
                [.. _secrets.Select(entry => new SecretUse(entry.Key.Client, entry.Key.Secret, entry.Value))],
                [.. _keys.Select(entry => new ClientKeyUse
                {
                    ClientRowId = entry.Key.Client, Thumbprint = entry.Key.Thumbprint, FirstUsedAt = entry.Value.First, LastUsedAt = entry.Value.Last,
                })],
                _failures);
            (_counts, _uses, _secrets, _keys, _failures) = ([], new(StringComparer.Ordinal), [], [], []);
            if (_failed.Task.IsCompleted)
            {
                _failed = NewSignal();
            }

            return batch;
        }
    }

    /// <summary>Takes back what could not be written.</summary>
    internal void PutBack(InsightBatch batch)
    {
        lock (_gate)
        {
            foreach (var count in batch.Counts)
            {
                Add(new(count.ClientRowId, count.Day, count.Kind), count.Count);
            }

            foreach (var use in batch.Uses)
            {
                Forwards(_uses, use.ClientRowId, use.At);
            }

            foreach (var use in batch.SecretUses)
            {
                Forwards(_secrets, (use.ClientRowId, use.SecretId), use.At);
            }

            foreach (var use in batch.KeyUses)
            {
                Forwards(_keys, (use.ClientRowId, use.Thumbprint), (use.FirstUsedAt, use.LastUsedAt));
            }

            _failures.InsertRange(0, batch.Failures);
        }
    }

    /// <summary>The number of a day, as <see cref="ClientActivityCount.Day"/> has it.</summary>
    internal static int DayOf(DateTimeOffset moment) => (int)(moment.ToUnixTimeMilliseconds() / (long)TimeSpan.FromDays(1).TotalMilliseconds);

    private void Add(CountKey key, long amount)
    {
        if (_counts.Count < Capacity || _counts.ContainsKey(key))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _) += amount;
        }
    }

    private static void Forwards<TKey>(Dictionary<TKey, DateTimeOffset> uses, TKey key, DateTimeOffset at)
        where TKey : notnull
    {
        if (uses.Count < Capacity || uses.ContainsKey(key))
        {
            ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(uses, key, out _);
            last = last > at ? last : at;
        }
    }

    private static void Forwards<TKey>(
        Dictionary<TKey, (DateTimeOffset First, DateTimeOffset Last)> uses, TKey key, (DateTimeOffset First, DateTimeOffset Last) use)
        where TKey : notnull
    {
        if (uses.Count < Capacity || uses.ContainsKey(key))
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(uses, key, out var exists);
            known = exists ? (known.First < use.First ? known.First : use.First, known.Last > use.Last ? known.Last : use.Last) : use;
        }
    }

    // Anybody can make a client's requests fail: their number must not become the table's, and what they repeat must not hide the rest. True
    // once an hour, when a client comes to the bound.
    private bool KeepWithinBounds(ClientFailure failure)
    {
        var hour = failure.At.ToUnixTimeSeconds() / 3_600;
        if (hour != _hour)
        {
            _hour = hour;
            _failuresOfHour.Clear();
            _beyondOfHour.Clear();
        }

        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_failuresOfHour, failure.ClientRowId, out _);
        count++;
        if ((count <= DiagnosisPolicy.FailuresPerHour || TakesOfReserve(failure)) && _failures.Count < Capacity)
        {
            _failures.Add(failure);
            _failed.TrySetResult();
        }

        return count == DiagnosisPolicy.FailuresPerHour + 1;
    }

    private bool TakesOfReserve(ClientFailure failure) =>
        ++CollectionsMarshal.GetValueRefOrAddDefault(_beyondOfHour, (failure.ClientRowId, failure.Code), out _) <= DiagnosisPolicy.FailuresOfCodeBeyond;

    // Continuations run elsewhere: a request that fails must not find itself writing for all.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Requests of the client with the row {ClientRowId} failed {Count} times within an hour; for the rest of it few of each reason are kept, and all are counted.")]
    private static partial void LogFull(ILogger logger, string clientRowId, int count);

    private readonly record struct CountKey(string Client, int Day, string Kind);
}

using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Users.Hashing;

/// <summary>
/// Lets at most one password be hashed per core at a time, with a short queue before it. Hashing takes a core and 19 MiB for
/// some 25 ms; unbounded, a flood of passwords would take every core and all memory from everything else. It runs on threads of its own,
/// because work that long on the request threads makes all other requests wait for the pool to grow.
/// </summary>
internal sealed class HashingGate : IDisposable
{
    /// <summary>
    /// Waiting places per core. A full queue then takes about a quarter of a second to drain, which nobody notices, and holds no memory
    /// worth naming; a longer one would only make people wait for answers that they have given up on.
    /// </summary>
    public const int QueuePerWorker = 8;

    private readonly BlockingCollection<Job> _jobs = [];
    private readonly SemaphoreSlim _places;
    private readonly int _capacity;
    private readonly int _workers;
    private readonly TimeProvider _time;
    private double _meanSeconds = 0.03;

    public HashingGate(int workers, int queue, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        _workers = workers;
        _capacity = workers + queue;
        _time = time;
        _places = new(_capacity, _capacity);
        for (var number = 1; number <= workers; number++)
        {
            new Thread(Work) { IsBackground = true, Name = $"password hashing {number}" }.Start();
        }
    }

    /// <summary>Whole seconds after which a place is likely free again.</summary>
    public TimeSpan RetryAfter =>
        TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(_capacity * Volatile.Read(ref _meanSeconds) / _workers), 1, 30));

    /// <summary>Takes a place if one is free, at once.</summary>
    /// <returns>Null when all places are taken.</returns>
    public Task<T>? TryRun<T>(Func<T> work, CancellationToken cancellationToken)
    {
        // A disposed gate serves nobody; the semaphore throws then.
        return _places.Wait(0, CancellationToken.None) ? Enqueue(work, cancellationToken) : null;
    }

    /// <summary>Waits for a place.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        return await Enqueue(work, cancellationToken);
    }

    /// <summary>Lets what is queued finish; takes nothing more.</summary>
    public void Dispose() => _jobs.CompleteAdding();

    private Task<T> Enqueue<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var job = new Job<T>(work, cancellationToken);
        _jobs.Add(job, CancellationToken.None);
        return job.Task;
    }

    private void Work()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            var began = _time.GetTimestamp();
            var ran = job.Run();
            if (ran)
            {
                // A mean that forgets; two workers that write at once lose one sample, which does not matter.
                var mean = Volatile.Read(ref _meanSeconds);
                Volatile.Write(ref _meanSeconds, mean + ((_time.GetElapsedTime(began).TotalSeconds - mean) / 16));
            }

            _places.Release();
            job.Finish();
        }
    }

    private abstract class Job
    {
        public abstract bool Run();

        public abstract void Finish();
    }

    // The answer is given after the place is free again, so that whoever gets it finds the place.
    private sealed class Job<T>(Func<T> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Action _finish = () => { };

        public Task<T> Task => _completion.Task;

        [SuppressMessage("Design", "CA1031", Justification = "What the work throws belongs to the caller; a worker must survive it.")]
        public override bool Run()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _finish = () => _completion.TrySetCanceled(cancellationToken);
                return false;
            }

            try
            {
                var result = work();
                _finish = () => _completion.TrySetResult(result);
            }
            catch (Exception exception)
            {
                _finish = () => _completion.TrySetException(exception);
            }

            return true;
        }

        public override void Finish() => _finish();
    }
}

using IdentityServer.Users.Hashing;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Users;

public sealed class HashingGateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_more_than_the_places_is_refused_at_once_and_the_next_is_taken_after_one_is_done()
    {
        using var gate = new HashingGate(workers: 2, queue: 3, TimeProvider.System);
        using var work = new Work();
        var taken = Enumerable.Range(0, 5).Select(_ => gate.TryRun(work.Run, Cancel).ShouldNotBeNull()).ToList();

        gate.TryRun(work.Run, Cancel).ShouldBeNull();

        work.Finish(1);
        await Task.WhenAny(taken);
        taken.Add(gate.TryRun(work.Run, Cancel).ShouldNotBeNull());
        gate.TryRun(work.Run, Cancel).ShouldBeNull();

        work.Finish(5);
        await Task.WhenAll(taken);
        work.Done.ShouldBe(6);
    }

    [Fact]
    public async Task No_more_than_one_runs_per_worker()
    {
        using var gate = new HashingGate(workers: 2, queue: 10, TimeProvider.System);
        using var work = new Work();
        var taken = Enumerable.Range(0, 12).Select(_ => gate.TryRun(work.Run, Cancel)!).ToList();

        work.Finish(12);
        await Task.WhenAll(taken);

        work.MostAtOnce.ShouldBeLessThanOrEqualTo(2);
    }

    [Fact]
    public async Task It_runs_on_threads_of_its_own()
    {
        using var gate = new HashingGate(workers: 1, queue: 0, TimeProvider.System);

        (await gate.TryRun(() => Thread.CurrentThread.IsThreadPoolThread, Cancel)!).ShouldBeFalse();
    }

    [Fact]
    public async Task Who_waits_for_a_place_gets_one_instead_of_a_refusal()
    {
        using var gate = new HashingGate(workers: 1, queue: 0, TimeProvider.System);
        using var work = new Work();
        var first = gate.TryRun(work.Run, Cancel)!;
        var waiting = gate.RunAsync(work.Run, Cancel);

        waiting.IsCompleted.ShouldBeFalse();
        work.Finish(2);

        await Task.WhenAll(first, waiting);
    }

    [Fact]
    public async Task Who_gives_up_while_queued_costs_no_work_and_frees_the_place()
    {
        using var gate = new HashingGate(workers: 1, queue: 1, TimeProvider.System);
        using var work = new Work();
        using var impatient = new CancellationTokenSource();
        var first = gate.TryRun(work.Run, Cancel)!;
        var second = gate.TryRun(work.Run, impatient.Token)!;

        await impatient.CancelAsync();
        work.Finish(1);
        await first;

        await Should.ThrowAsync<OperationCanceledException>(() => second);
        work.Done.ShouldBe(1);
        var third = gate.TryRun(work.Run, Cancel).ShouldNotBeNull();
        work.Finish(1);
        await third;
    }

    [Fact]
    public async Task A_failure_belongs_to_the_caller_and_the_worker_goes_on()
    {
        using var gate = new HashingGate(workers: 1, queue: 0, TimeProvider.System);

        await Should.ThrowAsync<InvalidDataException>(() => gate.RunAsync<int>(() => throw new InvalidDataException(), Cancel));

        (await gate.RunAsync(() => 7, Cancel)).ShouldBe(7);
    }

    [Fact]
    public async Task The_time_to_wait_grows_with_the_time_that_hashes_take()
    {
        var time = new FakeTimeProvider();
        using var gate = new HashingGate(workers: 1, queue: 7, time);
        gate.RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));

        for (var count = 0; count < 64; count++)
        {
            await gate.RunAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return 0;
                },
                Cancel);
        }

        gate.RetryAfter.ShouldBe(TimeSpan.FromSeconds(8));
    }

    /// <summary>Work that is done when the test says so.</summary>
    private sealed class Work : IDisposable
    {
        private readonly SemaphoreSlim _permits = new(0);
        private int _running;
        private int _most;
        private int _done;

        public int MostAtOnce => Volatile.Read(ref _most);

        public int Done => Volatile.Read(ref _done);

        public void Finish(int count) => _permits.Release(count);

        public int Run()
        {
            var running = Interlocked.Increment(ref _running);
            InterlockedMax(running);
            _permits.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
            Interlocked.Decrement(ref _running);
            return Interlocked.Increment(ref _done);
        }

        public void Dispose() => _permits.Dispose();

        private void InterlockedMax(int running)
        {
            for (var most = Volatile.Read(ref _most); running > most; most = Volatile.Read(ref _most))
            {
                Interlocked.CompareExchange(ref _most, running, most);
            }
        }
    }
}

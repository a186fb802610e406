using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Outbox;

/// <summary>
/// A clock that the test turns, and that knows whether somebody waits for a short while: so a test can wait, without sleeping, until
/// the loop under test has done all it had to do.
/// </summary>
internal sealed class WatchedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(4);

    private int _waiting;
    private int _begun;

    /// <summary>Short waits that are going on.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Short waits that have begun, in all.</summary>
    public int Begun => Volatile.Read(ref _begun);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime <= TimeSpan.Zero || dueTime > Short || period != Timeout.InfiniteTimeSpan)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        var watched = new Watched(this);
        watched.Inner = base.CreateTimer(
            value =>
            {
                watched.End();
                callback(value);
            },
            state, dueTime, period);
        return watched;
    }

    private sealed class Watched : ITimer
    {
        private readonly WatchedTime _time;
        private int _ended;

        public Watched(WatchedTime time)
        {
            _time = time;
            Interlocked.Increment(ref time._waiting);
            Interlocked.Increment(ref time._begun);
        }

        public ITimer Inner { get; set; } = null!;

        public void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Interlocked.Decrement(ref _time._waiting);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => Inner.Change(dueTime, period);

        public void Dispose()
        {
            End();
            Inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return Inner.DisposeAsync();
        }
    }
}

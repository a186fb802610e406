using System.Collections.Concurrent;

namespace IdentityServer.Home.TryIt;

/// <summary>
/// Keeps the outcomes of the last try-outs for a while, so that the page that shows one can be reloaded and its address carries no code.
/// In memory: this is Development, on one node.
/// </summary>
internal sealed class TryItShelf(TimeProvider clock)
{
    /// <summary>The oldest makes room for the next.</summary>
    public const int Capacity = 50;

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<string, (TryItOutcome Outcome, DateTimeOffset At)> _outcomes = new(StringComparer.Ordinal);

    public void Put(TryItAttempt attempt, TryItOutcome outcome)
    {
        while (_outcomes.Count >= Capacity)
        {
            _outcomes.TryRemove(_outcomes.MinBy(kept => kept.Value.At).Key, out _);
        }

        _outcomes[attempt.State] = (outcome, clock.GetUtcNow());
    }

    public TryItOutcome? Find(TryItAttempt attempt) =>
        _outcomes.TryGetValue(attempt.State, out var kept) && clock.GetUtcNow() - kept.At < Lifetime ? kept.Outcome : null;
}

using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Domain.Networks;

/// <summary>
/// Remembers what was used of late, in bounded memory: when there is no room, what was not used for longest goes, half at a time. For one
/// caller at a time.
/// </summary>
/// <typeparam name="TValue">What is kept with a key.</typeparam>
/// <param name="capacity">The most entries that are kept.</param>
public sealed class RecentEntries<TValue>(int capacity)
{
    private Dictionary<string, TValue> _recent = new(StringComparer.Ordinal);
    private Dictionary<string, TValue> _before = new(StringComparer.Ordinal);

    /// <summary>Finds an entry, without counting that as use.</summary>
    public bool TryGet(string key, [MaybeNullWhen(false)] out TValue value) =>
        _recent.TryGetValue(key, out value) || _before.TryGetValue(key, out value);

    /// <summary>Keeps an entry in place of any other of that key.</summary>
    public void Set(string key, TValue value)
    {
        if (_recent.Count >= Math.Max(1, capacity / 2) && !_recent.ContainsKey(key))
        {
            (_recent, _before) = (_before, _recent);
            _recent.Clear();
        }

        _recent[key] = value;
    }
}

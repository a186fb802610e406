namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Remembers for which stored requests a person was sent off to do something, so that a page that is loaded again begins no second sign-in.
/// For counting only: it is bounded, and this node's own.
/// </summary>
internal sealed class BegunSignIns
{
    /// <summary>As many are remembered at least, and twice as many at most.</summary>
    internal const int Capacity = 10_000;

    private readonly Lock _gate = new();
    private HashSet<string> _young = new(StringComparer.Ordinal);
    private HashSet<string> _old = new(StringComparer.Ordinal);

    /// <summary>Whether a request is seen for the first time.</summary>
    /// <param name="requestUri">The reference of the stored request.</param>
    public bool IsFirst(string requestUri)
    {
        lock (_gate)
        {
            if (_old.Contains(requestUri) || !_young.Add(requestUri))
            {
                return false;
            }

            if (_young.Count == Capacity)
            {
                (_old, _young) = (_young, new(StringComparer.Ordinal));
            }

            return true;
        }
    }
}

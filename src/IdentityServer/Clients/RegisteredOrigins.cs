using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Networks;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>
/// Which origins have pages that may call the endpoints from a browser. An answer, yes or no, counts for
/// <see cref="ClientCache.Freshness"/> and until a client is changed here, so that the question before each call of a page costs no query.
/// </summary>
internal sealed class RegisteredOrigins(ClientCache clients, IServiceScopeFactory scopes, TimeProvider clock)
{
    // Origins come from strangers. A flood of invented ones makes answers be looked up again, and fills nothing.
    private const int Capacity = 2_000;

    private readonly RecentEntries<Entry> _entries = new(Capacity);
    private readonly Lock _gate = new();

    /// <summary>Whether a public web client has people sent back to this origin.</summary>
    /// <param name="origin">As the browser sent it. What no browser sends is asked of no database.</param>
    /// <param name="cancellationToken">Ends the wait, not the reading, on which others may wait.</param>
    public ValueTask<bool> ContainAsync(string origin, CancellationToken cancellationToken)
    {
        if (!WebOrigin.IsWellFormed(origin))
        {
            return new(false);
        }

        var answer = Find(origin).Answer.Value;
        return answer.IsCompletedSuccessfully ? new(answer.Result) : new(answer.WaitAsync(cancellationToken));
    }

    private Entry Find(string origin)
    {
        lock (_gate)
        {
            if (!_entries.TryGet(origin, out var entry) || !IsFresh(entry))
            {
                entry = new(new(() => ReadAsync(origin)), clock.GetTimestamp(), clients.Generation);
                _entries.Set(origin, entry);
            }

            return entry;
        }
    }

    // A reading that failed is no answer for the next.
    private bool IsFresh(Entry entry) =>
        entry.Generation == clients.Generation
        && clock.GetElapsedTime(entry.AskedAt) < ClientCache.Freshness
        && !(entry.Answer.IsValueCreated && entry.Answer.Value is { IsCompleted: true, IsCompletedSuccessfully: false });

    private async Task<bool> ReadAsync(string origin)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        return await db.ClientOrigins.AnyAsync(row => row.Origin == origin);
    }

    private sealed record Entry(Lazy<Task<bool>> Answer, long AskedAt, long Generation);
}

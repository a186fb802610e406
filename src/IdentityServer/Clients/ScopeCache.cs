using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace IdentityServer.Clients;

/// <summary>
/// The registered scopes across requests: there are few, so all are kept, and names that nobody registered cost no query either.
/// Read again after <see cref="ClientCache.Freshness"/>, and at once after a change made here. Callers get copies, so that none can change what others see.
/// </summary>
internal sealed class ScopeCache(IServiceScopeFactory scopes, TimeProvider clock) : IOpenIddictScopeCache<Scope>, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Snapshot? _snapshot;
    private long _generation;

    public void Dispose() => _turn.Dispose();

    public ValueTask AddAsync(Scope scope, CancellationToken cancellationToken) => Forget();

    public ValueTask RemoveAsync(Scope scope, CancellationToken cancellationToken) => Forget();

    public async ValueTask<Scope?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        (await AllAsync(cancellationToken)).Where(scope => scope.Id == identifier).Select(Copy).FirstOrDefault();

    public async ValueTask<Scope?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        (await AllAsync(cancellationToken)).Where(scope => scope.Name == name).Select(Copy).FirstOrDefault();

    public IAsyncEnumerable<Scope> FindByNamesAsync(ImmutableArray<string> names, CancellationToken cancellationToken) =>
        SearchAsync(scope => names.Contains(scope.Name!, StringComparer.Ordinal), cancellationToken);

    public IAsyncEnumerable<Scope> FindByResourceAsync(string resource, CancellationToken cancellationToken) =>
        SearchAsync(scope => HasResource(scope, resource), cancellationToken);

    private async IAsyncEnumerable<Scope> SearchAsync(Func<Scope, bool> fits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var scope in await AllAsync(cancellationToken))
        {
            if (fits(scope))
            {
                yield return Copy(scope);
            }
        }
    }

    private ValueTask<IReadOnlyList<Scope>> AllAsync(CancellationToken cancellationToken)
    {
        return _snapshot is { } snapshot && IsFresh(snapshot) ? new(snapshot.Scopes) : new(ReadAsync(cancellationToken));
    }

    private async Task<IReadOnlyList<Scope>> ReadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_snapshot is { } fresh && IsFresh(fresh))
            {
                return fresh.Scopes;
            }

            var generation = Volatile.Read(ref _generation);
            var readAt = clock.GetTimestamp();
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
            var all = await db.Scopes.AsNoTracking().ToListAsync(cancellationToken);
            _snapshot = new Snapshot(all, readAt, generation);
            return all;
        }
        finally
        {
            _turn.Release();
        }
    }

    // What was read before a change was forgotten is not kept, however the two met.
    private bool IsFresh(Snapshot snapshot) =>
        snapshot.Generation == Volatile.Read(ref _generation) && clock.GetElapsedTime(snapshot.ReadAt) < ClientCache.Freshness;

    private ValueTask Forget()
    {
        Interlocked.Increment(ref _generation);
        return ValueTask.CompletedTask;
    }

    private static bool HasResource(Scope scope, string resource)
    {
        if (string.IsNullOrEmpty(scope.Resources))
        {
            return false;
        }

        using var document = JsonDocument.Parse(scope.Resources);
        return document.RootElement.EnumerateArray().Any(item => item.GetString() == resource);
    }

    private static Scope Copy(Scope scope) => new()
    {
        Id = scope.Id,
        ConcurrencyToken = scope.ConcurrencyToken,
        Description = scope.Description,
        Descriptions = scope.Descriptions,
        DisplayName = scope.DisplayName,
        DisplayNames = scope.DisplayNames,
        Name = scope.Name,
        Properties = scope.Properties,
        Resources = scope.Resources,
    };

    private sealed record Snapshot(IReadOnlyList<Scope> Scopes, long ReadAt, long Generation);
}

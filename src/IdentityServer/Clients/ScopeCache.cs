using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using IdentityServer.Domain.Resources;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace IdentityServer.Clients;

/// <summary>
/// The registered scopes and the resources that they belong to, across requests: there are few, so all are kept, and names that nobody
/// registered cost no query either. Both are read at one moment, so no scope is served whose resource is not known.
/// Read again after <see cref="ClientCache.Freshness"/>, and at once after a change made here. Callers get copies, so that none can change what others see.
/// </summary>
internal sealed class ScopeCache(IServiceScopeFactory scopes, TimeProvider clock) : IOpenIddictScopeCache<Scope>, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Snapshot? _snapshot;
    private long _generation;

    public void Dispose() => _turn.Dispose();

    /// <summary>The resources that are registered.</summary>
    public async ValueTask<ResourceDirectory> ResourcesAsync(CancellationToken cancellationToken) => (await CurrentAsync(cancellationToken)).Resources;

    /// <summary>Has everything read again. Comes after the commit that changed something.</summary>
    public void Forget() => Interlocked.Increment(ref _generation);

    public ValueTask AddAsync(Scope scope, CancellationToken cancellationToken) => ForgetAsync();

    public ValueTask RemoveAsync(Scope scope, CancellationToken cancellationToken) => ForgetAsync();

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

    private async ValueTask<IReadOnlyList<Scope>> AllAsync(CancellationToken cancellationToken) => (await CurrentAsync(cancellationToken)).Scopes;

    private ValueTask<Snapshot> CurrentAsync(CancellationToken cancellationToken)
    {
        return _snapshot is { } snapshot && IsFresh(snapshot) ? new(snapshot) : new(ReadAsync(cancellationToken));
    }

    private async Task<Snapshot> ReadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_snapshot is { } fresh && IsFresh(fresh))
            {
                return fresh;
            }

            var generation = Volatile.Read(ref _generation);
            var readAt = clock.GetTimestamp();
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
            var resources = await db.Resources.AsNoTracking().ToListAsync(cancellationToken);
            var all = await db.Scopes.AsNoTracking().ToListAsync(cancellationToken);
            return _snapshot = new Snapshot(all, new ResourceDirectory(RegisteredResources.Join(resources, all)), readAt, generation);
        }
        finally
        {
            _turn.Release();
        }
    }

    // What was read before a change was forgotten is not kept, however the two met.
    private bool IsFresh(Snapshot snapshot) =>
        snapshot.Generation == Volatile.Read(ref _generation) && clock.GetElapsedTime(snapshot.ReadAt) < ClientCache.Freshness;

    private ValueTask ForgetAsync()
    {
        Forget();
        return ValueTask.CompletedTask;
    }

    private static bool HasResource(Scope scope, string resource) => RegisteredResources.Of(scope).Contains(resource, StringComparer.Ordinal);

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

    private sealed record Snapshot(IReadOnlyList<Scope> Scopes, ResourceDirectory Resources, long ReadAt, long Generation);
}

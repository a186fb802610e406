using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace IdentityServer.Clients;

/// <summary>
/// Clients across requests, so that a token request reads no client from the database. An entry counts for five seconds, then its
/// row is read again: a change made by another node is seen by then. A change made here is seen at once. Only committed rows get in,
/// because they are read by a context of their own; identifiers that nobody has are not kept, or strangers could fill the memory.
/// </summary>
internal sealed class ClientCache(IServiceScopeFactory scopes, TimeProvider clock) : IOpenIddictApplicationCache<Client>
{
    /// <summary>How long another node's change may go unnoticed.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _byClientId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Key, Lazy<Task<CachedClient?>>> _loading = new();
    private readonly ConditionalWeakTable<Client, CachedClient> _shared = [];
    private readonly Lock _gate = new();
    private long _generation;

    /// <summary>Another number after each change that was made here: what was read of clients before it may be old.</summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>The time by the cache's clock.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>What the house knows of a client, by its <c>client_id</c>; null when there is none.</summary>
    public async ValueTask<ClientSettings?> FindSettingsAsync(string clientId, CancellationToken cancellationToken) =>
        (await FindAsync(clientId, cancellationToken))?.Settings;

    /// <summary>A client by its <c>client_id</c>. What cannot be one is not asked for: there is text that a database takes for a fault.</summary>
    public ValueTask<CachedClient?> FindAsync(string clientId, CancellationToken cancellationToken) =>
        ClientIdentifier.IsWellFormed(clientId) ? FindAsync(new Key(KeyKind.ClientId, clientId), _byClientId, cancellationToken) : default;

    /// <summary>A client by its row's key.</summary>
    public ValueTask<CachedClient?> FindByKeyAsync(string id, CancellationToken cancellationToken) =>
        FindAsync(new Key(KeyKind.Id, id), _byId, cancellationToken);

    /// <summary>
    /// The key of the row of a client; null when there is none. However old an entry is, it knows that much: rows keep their keys. So this
    /// asks the database only for a client that this node has not seen.
    /// </summary>
    public async ValueTask<string?> FindRowIdAsync(string clientId) =>
        _byClientId.TryGetValue(clientId, out var entry) ? entry.Client.Entity.Id : (await FindAsync(clientId, CancellationToken.None))?.Entity.Id;

    /// <summary>Whether an entity came from here; then all requests share it, and its parsed columns are at hand.</summary>
    public bool IsShared(Client client, [NotNullWhen(true)] out CachedClient? cached) => _shared.TryGetValue(client, out cached);

    /// <summary>Forgets a client. Comes after the commit that changed it.</summary>
    public void Forget(Client client)
    {
        lock (_gate)
        {
            // Whoever is reading right now may have read the old row, and must neither keep it nor pass it on.
            _generation++;
            _loading.Clear();
            _byId.TryRemove(client.Id!, out var entry);
            _byClientId.TryRemove(client.ClientId!, out _);
            if (entry is not null)
            {
                _byClientId.TryRemove(entry.Client.Entity.ClientId!, out _);
            }
        }
    }

    // The manager calls this after it wrote a row, perhaps in a transaction that is still open: nothing to keep, only to forget.
    ValueTask IOpenIddictApplicationCache<Client>.AddAsync(Client application, CancellationToken cancellationToken)
    {
        Forget(application);
        return ValueTask.CompletedTask;
    }

    ValueTask IOpenIddictApplicationCache<Client>.RemoveAsync(Client application, CancellationToken cancellationToken)
    {
        Forget(application);
        return ValueTask.CompletedTask;
    }

    async ValueTask<Client?> IOpenIddictApplicationCache<Client>.FindByClientIdAsync(string identifier, CancellationToken cancellationToken) =>
        (await FindAsync(identifier, cancellationToken))?.Entity;

    async ValueTask<Client?> IOpenIddictApplicationCache<Client>.FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        (await FindByKeyAsync(identifier, cancellationToken))?.Entity;

    IAsyncEnumerable<Client> IOpenIddictApplicationCache<Client>.FindByRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        SearchAsync(uri, db => db.Clients.Where(client => client.RedirectUris!.Contains(uri)), found => found.RedirectUris.Contains(uri), cancellationToken);

    IAsyncEnumerable<Client> IOpenIddictApplicationCache<Client>.FindByPostLogoutRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        SearchAsync(
            uri,
            db => db.Clients.Where(client => client.PostLogoutRedirectUris!.Contains(uri)),
            found => found.PostLogoutRedirectUris.Contains(uri),
            cancellationToken);

    private ValueTask<CachedClient?> FindAsync(Key key, ConcurrentDictionary<string, Entry> entries, CancellationToken cancellationToken)
    {
        return entries.TryGetValue(key.Value, out var entry) && clock.GetElapsedTime(entry.ReadAt) < Freshness
            ? new(entry.Client)
            : new(ReadOnceAsync(key, cancellationToken));
    }

    // When an entry of a busy client runs out, one request reads the row and the others wait for it.
    private async Task<CachedClient?> ReadOnceAsync(Key key, CancellationToken cancellationToken)
    {
        var reading = _loading.GetOrAdd(key, missing => new Lazy<Task<CachedClient?>>(() => ReadAsync(missing)));
        try
        {
            return await reading.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            _loading.TryRemove(KeyValuePair.Create(key, reading));
        }
    }

    private async Task<CachedClient?> ReadAsync(Key key)
    {
        var generation = Volatile.Read(ref _generation);
        var readAt = clock.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var clients = db.Clients.AsNoTracking()
            .Select(client => new { Row = client, HasLogo = db.ClientLogos.Any(logo => logo.ClientRowId == client.Id) });
        var found = key.Kind == KeyKind.Id
            ? await clients.SingleOrDefaultAsync(client => client.Row.Id == key.Value)
            : await clients.SingleOrDefaultAsync(client => client.Row.ClientId == key.Value);
        if (found is not { Row: var row, HasLogo: var hasLogo })
        {
            ForgetMissing(key);
            return null;
        }

        var secrets = await SecretsAsync(db, row.Id!, CancellationToken.None);
        var unchanged = _byId.TryGetValue(row.Id!, out var earlier) && earlier.Client.Entity.ConcurrencyToken == row.ConcurrencyToken
            && earlier.Client.Settings.HasStoredLogo == hasLogo && earlier.Client.Secrets.SequenceEqual(secrets);
        var client = unchanged ? earlier!.Client : Share(new CachedClient(row, secrets, hasLogo));
        Keep(new Entry(client, readAt), generation);
        return client;
    }

    /// <summary>The secrets of a client that are not retired, as the database has them now.</summary>
    public async Task<IReadOnlyList<StoredSecret>> ReadSecretsAsync(string rowId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await SecretsAsync(scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>(), rowId, cancellationToken);
    }

    private static async Task<IReadOnlyList<StoredSecret>> SecretsAsync(IdentityServerDbContext db, string rowId, CancellationToken cancellationToken) =>
        await db.ClientSecrets.AsNoTracking()
            .Where(secret => secret.ClientRowId == rowId && secret.RetiredAt == null)
            .OrderByDescending(secret => secret.CreatedAt).ThenBy(secret => secret.Id)
            .Select(secret => new StoredSecret(secret.Id, secret.Hash, secret.ExpiresAt))
            .ToListAsync(cancellationToken);

    private CachedClient Share(CachedClient client)
    {
        _shared.Add(client.Entity, client);
        return client;
    }

    private void Keep(Entry entry, long generation)
    {
        lock (_gate)
        {
            if (generation != _generation)
            {
                return;
            }

            if (_byId.Count >= Capacity)
            {
                _byId.Clear();
                _byClientId.Clear();
            }

            _byId[entry.Client.Entity.Id!] = entry;
            _byClientId[entry.Client.Entity.ClientId!] = entry;
        }
    }

    private void ForgetMissing(Key key)
    {
        lock (_gate)
        {
            (key.Kind == KeyKind.Id ? _byId : _byClientId).TryRemove(key.Value, out _);
        }
    }

    private async IAsyncEnumerable<Client> SearchAsync(
        string uri,
        Func<IdentityServerDbContext, IQueryable<Client>> candidates,
        Func<CachedClient, bool> fits,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!RedirectUri.CouldBe(uri))
        {
            yield break;
        }

        List<string?> ids;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
            ids = await candidates(db).Select(client => client.Id).ToListAsync(cancellationToken);
        }

        foreach (var id in ids)
        {
            if (await FindByKeyAsync(id!, cancellationToken) is { } found && fits(found))
            {
                yield return found.Entity;
            }
        }
    }

    private enum KeyKind
    {
        ClientId,
        Id,
    }

    private readonly record struct Key(KeyKind Kind, string Value);

    private sealed record Entry(CachedClient Client, long ReadAt);
}

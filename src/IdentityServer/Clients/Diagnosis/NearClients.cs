using System.Net;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.Networks;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Diagnosis;

/// <summary>
/// Which client was meant, where none was named rightly: by a <c>client_id</c> that is almost one, or by the origin of a page that is almost
/// registered. Strangers choose both, so each network has so many looks; a look never costs the one who is answered anything else.
/// </summary>
internal sealed class NearClients(ClientCache clients, IServiceScopeFactory scopes, TimeProvider clock) : IDisposable
{
    // Where there are more, a comparison would cost too much, and nearly every text would be like several.
    private const int MostCompared = 10_000;
    private const int LooksPerMinute = 20;
    private const int Networks = 10_000;

    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private readonly Allowance _looks = new(LooksPerMinute, TimeSpan.FromMinutes(1), Networks);
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Snapshot? _snapshot;

    public void Dispose() => _turn.Dispose();

    /// <summary>The client that was meant by a <c>client_id</c> that nobody has.</summary>
    public async Task<(CachedClient Client, string Difference)?> FindAsync(string received, IPAddress? from, CancellationToken cancellationToken)
    {
        return Spend(from)
            && ClientIdDifference.Find(received, await KnownAsync(cancellationToken)) is { } near
            && await clients.FindAsync(near.ClientId, cancellationToken) is { } client
                ? (client, near.Kind)
                : null;
    }

    /// <summary>The client whose pages are meant by an origin that nobody registered.</summary>
    /// <returns>Its row and its origins; null where there is none, or more than one.</returns>
    public async Task<(string ClientRowId, IReadOnlyList<string> Origins)?> FindByOriginAsync(string origin, IPAddress? from, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || !Spend(from))
        {
            return null;
        }

        var bare = uri.Host.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? uri.Host[4..] : uri.Host;
        string[] hosts = [$"http://{bare}", $"https://{bare}", $"http://www.{bare}", $"https://www.{bare}"];
        string[] ports = [.. hosts.Select(host => host + ":")];
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var owners = await db.ClientOrigins.AsNoTracking()
            .Where(row => hosts.Contains(row.Origin) || row.Origin.StartsWith(ports[0]) || row.Origin.StartsWith(ports[1]))
            .Select(row => row.ApplicationId!).Distinct().OrderBy(id => id).Take(2).ToListAsync(cancellationToken);
        return owners.Count == 1 ? (owners[0], await OriginsOfAsync(owners[0], cancellationToken)) : null;
    }

    /// <summary>The origins of a client's pages.</summary>
    public async Task<IReadOnlyList<string>> OriginsOfAsync(string clientRowId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().ClientOrigins.AsNoTracking()
            .Where(row => row.ApplicationId == clientRowId).OrderBy(row => row.Origin).Select(row => row.Origin).Take(10).ToListAsync(cancellationToken);
    }

    private bool Spend(IPAddress? from) => _looks.Spend(NetworkAddress.Of(from), clock.GetElapsedTime(0)) is null;

    private async Task<IReadOnlyCollection<string>> KnownAsync(CancellationToken cancellationToken)
    {
        if (_snapshot is { } fresh && IsFresh(fresh))
        {
            return fresh.ClientIds;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_snapshot is { } meanwhile && IsFresh(meanwhile))
            {
                return meanwhile.ClientIds;
            }

            var (generation, readAt) = (clients.Generation, clock.GetTimestamp());
            await using var scope = scopes.CreateAsyncScope();
            var ids = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().Clients.AsNoTracking()
                .Select(client => client.ClientId!).OrderBy(id => id).Take(MostCompared + 1).ToListAsync(cancellationToken);
            _snapshot = new(ids.Count > MostCompared ? [] : ids, readAt, generation);
            return _snapshot.ClientIds;
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool IsFresh(Snapshot snapshot) => snapshot.Generation == clients.Generation && clock.GetElapsedTime(snapshot.ReadAt) < Freshness;

    private sealed record Snapshot(IReadOnlyCollection<string> ClientIds, long ReadAt, long Generation);
}

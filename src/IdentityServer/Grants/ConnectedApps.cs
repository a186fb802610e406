using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Grants;

/// <summary>An application that may see something of a person.</summary>
/// <param name="ClientId">The application.</param>
/// <param name="Name">What it is called; its identifier when it is registered no more.</param>
/// <param name="FirstParty">The operator's own: nobody was asked, and it is there as long as a sign-in of it lasts.</param>
/// <param name="Verified">The operator vouches for the name.</param>
/// <param name="Scopes">What it may see.</param>
/// <param name="Since">Since when.</param>
/// <param name="LastUsedAt">When it was last given something, as far as that is kept.</param>
/// <param name="InitiateLoginUri">Where a sign-in to it begins that it did not ask for (OpenID Connect Core §4); null where none can.</param>
internal sealed record ConnectedApp(
    string ClientId,
    string Name,
    bool FirstParty,
    bool Verified,
    IReadOnlyList<string> Scopes,
    DateTimeOffset Since,
    DateTimeOffset LastUsedAt,
    string? InitiateLoginUri);

/// <summary>The applications of a person: those that they allowed, and those that hold something in an open session.</summary>
internal sealed class ConnectedApps(IdentityServerDbContext db, UnitOfWork work, ClientCache clients, ConnectedAppsParts parts)
{
    /// <summary>All of a person, last used first.</summary>
    public async Task<IReadOnlyList<ConnectedApp>> ListAsync(Guid userId, CancellationToken cancellationToken)
    {
        var grants = await db.ConsentGrants.AsNoTracking().Where(grant => grant.UserId == userId)
            .ToDictionaryAsync(grant => grant.ClientId, StringComparer.Ordinal, cancellationToken);
        var held = new Dictionary<string, List<HeldAuthorization>>(StringComparer.Ordinal);
        foreach (var authorization in await parts.Reads.HeldByClientsAsync(userId, parts.Clock.GetUtcNow(), cancellationToken))
        {
            if (await clients.FindByKeyAsync(authorization.ClientRowId, cancellationToken) is { Settings.ClientId: var clientId })
            {
                (held.TryGetValue(clientId, out var list) ? list : held[clientId] = []).Add(authorization);
            }
        }

        var apps = new List<ConnectedApp>();
        foreach (var clientId in grants.Keys.Union(held.Keys))
        {
            var client = await clients.FindSettingsAsync(clientId, cancellationToken);
            var (grant, holds) = (grants.GetValueOrDefault(clientId), held.GetValueOrDefault(clientId, []));
            var scopes = (grant?.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [])
                .Union(holds.SelectMany(hold => JsonSerializer.Deserialize<string[]>(hold.ScopesJson)!))
                .OrderBy(scope => scope != "openid").ThenBy(scope => scope, StringComparer.Ordinal);
            apps.Add(new(
                clientId,
                client?.Name ?? clientId,
                client?.FirstParty == true,
                client?.Verified == true,
                [.. scopes],
                grant?.GrantedAt ?? holds.Min(hold => hold.Since),
                holds.Select(hold => hold.LastUsedAt).Append(grant?.GrantedAt ?? DateTimeOffset.MinValue).Max(),
                client?.InitiateLoginUri));
        }

        return [.. apps.OrderByDescending(app => app.LastUsedAt)];
    }

    /// <summary>
    /// Takes everything back from an application: what was allowed for good, what is being asked, and every token. Removing twice changes
    /// nothing.
    /// </summary>
    public Task<bool> RemoveAsync(Guid userId, string clientId, CancellationToken cancellationToken) => work.InOwnTransactionAsync(
        async () =>
        {
            await parts.Sessions.BeginAsync(userId, cancellationToken);
            var removed = await db.ConsentGrants.Where(grant => grant.UserId == userId && grant.ClientId == clientId).ExecuteDeleteAsync(cancellationToken) > 0;
            await db.ConsentQuestions.Where(row => row.UserId == userId && row.ClientId == clientId).ExecuteDeleteAsync(cancellationToken);
            if (await clients.FindSettingsAsync(clientId, cancellationToken) is { } client)
            {
                removed |= await parts.Sessions.RevokeTokensOfClientAsync(userId, client.Id, cancellationToken) > 0;
            }

            if (removed)
            {
                parts.Audit.Add(AuditEvents.ConsentRemoved, new(UserId: userId, ClientId: clientId));
                await db.SaveChangesAsync(cancellationToken);
            }

            return removed;
        },
        cancellationToken);
}

/// <summary>What connected applications are read from and written to.</summary>
internal sealed record ConnectedAppsParts(AccountReads Reads, SessionOperations Sessions, AuditTrail Audit, TimeProvider Clock);

using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>What became of a wish to register or change a resource.</summary>
internal abstract record ResourceOutcome
{
    private ResourceOutcome()
    {
    }

    /// <summary>It is new.</summary>
    public sealed record Registered : ResourceOutcome;

    /// <summary>It was there and is now as wanted.</summary>
    public sealed record Changed : ResourceOutcome;

    /// <summary>It is like that already; nothing was written.</summary>
    public sealed record Unchanged : ResourceOutcome;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : ResourceOutcome;
}

/// <summary>
/// Registers and changes resources with their scopes; every way in comes through here. Each call saves by itself; inside a unit of work
/// that is open, the change counts with its commit, and this process may serve the old registration for up to
/// <see cref="ClientCache.Freshness"/> after it, as other nodes do in any case.
/// </summary>
internal sealed class ResourceRegistry(IdentityServerDbContext db, ScopeCache cache, AuditTrail audit, Installation installation)
{
    /// <summary>All that are registered, as the database has them now, by URI.</summary>
    public async Task<IReadOnlyList<ResourceMetadata>> ListAsync(CancellationToken cancellationToken) => [.. RegisteredResources.Join(
        await db.Resources.AsNoTracking().OrderBy(resource => resource.Id).ToListAsync(cancellationToken),
        await db.Scopes.AsNoTracking().ToListAsync(cancellationToken))];

    /// <summary>Sees to it that a resource is registered exactly so.</summary>
    /// <param name="wanted">Judged.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="DbUpdateException">Somebody registered the resource or a scope of it meanwhile; nothing was changed.</exception>
    public async Task<ResourceOutcome> SaveAsync(ResourceMetadata wanted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        return BuiltInProblem(wanted) is { } problem ? new ResourceOutcome.Refused([problem]) : await StoreAsync(wanted, cancellationToken);
    }

    /// <summary>
    /// Sees to it that the management API is registered, under the issuer of now: what an earlier issuer called it goes. The server itself
    /// asks for it, and nobody else.
    /// </summary>
    public async Task<ResourceOutcome> KeepApiAsync(Uri issuer, CancellationToken cancellationToken)
    {
        var wanted = BuiltIns.Api(issuer);
        var scopes = (await db.Scopes.ToListAsync(cancellationToken)).Where(scope => BuiltIns.IsScope(scope.Name)).ToList();
        var earlier = scopes.Select(RegisteredResources.OwnerOf).OfType<string>()
            .Where(owner => owner != wanted.Resource && owner.EndsWith(BuiltIns.ApiPath, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        foreach (var scope in scopes.Where(scope => RegisteredResources.OwnerOf(scope) is { } owner && earlier.Contains(owner, StringComparer.Ordinal)))
        {
            scope.Resources = RegisteredResources.ToColumn(wanted.Resource);
        }

        db.Resources.RemoveRange(await db.Resources.Where(resource => earlier.Contains(resource.Id)).ToListAsync(cancellationToken));
        return await StoreAsync(wanted, cancellationToken);
    }

    private async Task<ResourceOutcome> StoreAsync(ResourceMetadata wanted, CancellationToken cancellationToken)
    {
        var scopes = await db.Scopes.ToListAsync(cancellationToken);
        if (Conflict(wanted, scopes) is { } problem)
        {
            return new ResourceOutcome.Refused([problem]);
        }

        var row = await db.Resources.SingleOrDefaultAsync(resource => resource.Id == wanted.Resource, cancellationToken);
        if (row is not null && RegisteredResources.Join([row], scopes).Single().ToJson() == wanted.ToJson())
        {
            return new ResourceOutcome.Unchanged();
        }

        var known = row is not null;
        if (row is null)
        {
            db.Resources.Add(row = new Resource { Id = wanted.Resource, Name = wanted.Name });
        }

        (row.Name, row.AccessTokenLifetime, row.AccessTokenSigningAlg) = (wanted.Name, wanted.AccessTokenLifetime, wanted.AccessTokenSigningAlg);
        Put(wanted, scopes);
        audit.Add(
            known ? AuditEvents.ResourceChanged : AuditEvents.ResourceRegistered,
            new(),
            new Dictionary<string, string> { ["resource"] = wanted.Resource });
        await db.SaveChangesAsync(cancellationToken);
        cache.Forget();
        return known ? new ResourceOutcome.Changed() : new ResourceOutcome.Registered();
    }

    // Whoever could name a scope of the management API as theirs would be given tokens that were asked for it.
    private MetadataProblem? BuiltInProblem(ResourceMetadata wanted)
    {
        if (installation.KnownIssuer is { } issuer && wanted.Resource == BuiltIns.ApiOf(issuer))
        {
            return new("resource", "is the management API of this server, which registers it by itself", "Take the API's own address.");
        }

        for (var i = 0; i < wanted.Scopes.Count; i++)
        {
            if (BuiltIns.IsScope(wanted.Scopes[i].Name))
            {
                return new($"scopes[{i}].name", $"is {wanted.Scopes[i].Name}, a scope of this server's management API", "Take another name.");
            }
        }

        return null;
    }

    private MetadataProblem? Conflict(ResourceMetadata wanted, List<Scope> scopes)
    {
        if (installation.KnownIssuer?.AbsoluteUri is { } issuer && (wanted.Resource == issuer || wanted.Resource + "/" == issuer))
        {
            return new("resource", "is this server itself", "Take the API's own address.");
        }

        for (var i = 0; i < wanted.Scopes.Count; i++)
        {
            if (scopes.Find(scope => scope.Name == wanted.Scopes[i].Name) is { } taken
                && RegisteredResources.OwnerOf(taken) is var owner && owner != wanted.Resource)
            {
                return new(
                    $"scopes[{i}].name",
                    $"is {taken.Name}, a scope of {owner ?? "nothing that is registered"}",
                    "A scope belongs to one resource: take another name, or remove it there first.");
            }
        }

        return null;
    }

    private void Put(ResourceMetadata wanted, List<Scope> scopes)
    {
        var mine = scopes.Where(scope => RegisteredResources.Of(scope).Contains(wanted.Resource, StringComparer.Ordinal))
            .ToDictionary(scope => scope.Name!, StringComparer.Ordinal);
        foreach (var scope in wanted.Scopes)
        {
            if (mine.Remove(scope.Name, out var row))
            {
                row.Description = scope.Description;
            }
            else
            {
                db.Scopes.Add(new Scope { Name = scope.Name, Description = scope.Description, Resources = RegisteredResources.ToColumn(wanted.Resource) });
            }
        }

        db.Scopes.RemoveRange(mine.Values);
    }
}

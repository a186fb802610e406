using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>An owner as the other owners see them.</summary>
internal sealed record ShownOwner(Guid UserId, string Email, DateTimeOffset Since);

/// <summary>What became of a wish that somebody own a client no longer.</summary>
internal enum OwnerRemoval
{
    /// <summary>They do not own it any more.</summary>
    Done,

    /// <summary>They are the last: a client without an owner could be managed by nobody.</summary>
    LastOne,

    /// <summary>They own it not, or no more.</summary>
    Gone,
}

/// <summary>Who owns a client. Machines read it and change nothing of it.</summary>
internal sealed class ClientOwners(
    IdentityServerDbContext db, UnitOfWork unit, OwnershipOperations operations, RegistrationOperations clients, AuditTrail audit)
{
    /// <summary>The owners, the first one first.</summary>
    public async Task<IReadOnlyList<ShownOwner>> ListAsync(OwnedClient client, CancellationToken cancellationToken) =>
        await db.ClientOwners.AsNoTracking().Where(owner => owner.ClientRowId == client.RowId)
            .Join(db.Users, owner => owner.UserId, user => user.Id, (owner, user) => new { owner.UserId, user.Email, owner.AddedAt })
            .OrderBy(row => row.AddedAt).ThenBy(row => row.UserId)
            .Select(row => new ShownOwner(row.UserId, row.Email, row.AddedAt)).ToListAsync(cancellationToken);

    /// <summary>Takes an owner away: another one, or oneself.</summary>
    public Task<OwnerRemoval> RemoveAsync(OwnedClient client, Guid userId, CancellationToken cancellationToken) => unit.InOwnTransactionAsync(
        async () =>
        {
            await clients.HoldClientAsync(client.RowId, cancellationToken);

            // Of two who put each other out at once the second is no owner any more.
            if (client.Actor is not Actor.Person { User.Id: var asking } || !await IsOwnerAsync(client.RowId, asking, cancellationToken)
                || !await IsOwnerAsync(client.RowId, userId, cancellationToken))
            {
                return OwnerRemoval.Gone;
            }

            if (!await operations.TryRemoveAsync(client.RowId, userId, cancellationToken))
            {
                return OwnerRemoval.LastOne;
            }

            audit.Add(AuditEvents.ClientOwnerRemoved, new(UserId: userId, ClientId: client.ClientId));
            await db.SaveChangesAsync(cancellationToken);
            return OwnerRemoval.Done;
        },
        cancellationToken);

    /// <summary>The names of the clients that nobody but this person owns: while there are any, the account cannot be deleted.</summary>
    public async Task<IReadOnlyList<string>> SolelyOwnedAsync(Guid userId, CancellationToken cancellationToken)
    {
        var rows = await operations.SoleOwnedAsync(userId, cancellationToken);
        return rows.Count == 0
            ? []
            : await db.Clients.AsNoTracking().Where(client => rows.Contains(client.Id!))
                .Select(client => client.DisplayName ?? client.ClientId!).OrderBy(name => name).ToListAsync(cancellationToken);
    }

    /// <summary>
    /// Whether an account may go, judged with all its clients held until the unit of work that is open ends: of two co-owners who delete
    /// their accounts at once, the second is the last one. What it owns with others passes on to them with the row that goes.
    /// </summary>
    public async Task<bool> MayGoAsync(Guid userId, CancellationToken cancellationToken)
    {
        await operations.HoldOwnedAsync(userId, cancellationToken);
        return (await operations.SoleOwnedAsync(userId, cancellationToken)).Count == 0;
    }

    private Task<bool> IsOwnerAsync(string clientRowId, Guid userId, CancellationToken cancellationToken) =>
        db.ClientOwners.AnyAsync(owner => owner.ClientRowId == clientRowId && owner.UserId == userId, cancellationToken);
}

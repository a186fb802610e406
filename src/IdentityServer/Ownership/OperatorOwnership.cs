using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>What became of the operator's word about an owner.</summary>
internal abstract record OwnerAppointment
{
    private OwnerAppointment()
    {
    }

    /// <summary>The person owns the client from now on.</summary>
    public sealed record Added(string Email) : OwnerAppointment;

    /// <summary>The person owned it already.</summary>
    public sealed record OwnedBefore(string Email) : OwnerAppointment;

    /// <summary>The person owns it no longer.</summary>
    /// <param name="Email">Who.</param>
    /// <param name="Left">How many owners remain.</param>
    public sealed record Removed(string Email, int Left) : OwnerAppointment;

    /// <summary>No client has the identifier.</summary>
    public sealed record NoClient : OwnerAppointment;

    /// <summary>No account has the address.</summary>
    public sealed record NoAccount : OwnerAppointment;

    /// <summary>The account was made to test a client with, and owns none.</summary>
    public sealed record TestUser : OwnerAppointment;

    /// <summary>The person does not own the client.</summary>
    public sealed record NoOwner : OwnerAppointment;
}

/// <summary>
/// Who owns a client by the operator's word. It asks for no owner's leave, knows no quota, and may leave a client without any: such a
/// client goes on working, and only the operator changes it.
/// </summary>
internal sealed class OperatorOwnership(IdentityServerDbContext db, UnitOfWork unit, UserDirectory users, OperatorOwnershipParts parts)
{
    /// <summary>The owners, the first one first; null when no client has the identifier.</summary>
    public async Task<IReadOnlyList<ShownOwner>?> ListAsync(string clientId, CancellationToken cancellationToken) =>
        await RowOfAsync(clientId, cancellationToken) is { } row
            ? await db.ClientOwners.AsNoTracking().Where(owner => owner.ClientRowId == row)
                .Join(db.Users, owner => owner.UserId, user => user.Id, (owner, user) => new { owner.UserId, user.Email, owner.AddedAt })
                .OrderBy(shown => shown.AddedAt).ThenBy(shown => shown.UserId)
                .Select(shown => new ShownOwner(shown.UserId, shown.Email, shown.AddedAt)).ToListAsync(cancellationToken)
            : null;

    /// <summary>Makes a person an owner.</summary>
    public Task<OwnerAppointment> AddAsync(string clientId, string email, CancellationToken cancellationToken) => ChangeAsync(
        clientId,
        email,
        async (row, user) =>
        {
            if (!await parts.Operations.AddAsync(row, user.Id, parts.Clock.GetUtcNow(), cancellationToken))
            {
                return new OwnerAppointment.OwnedBefore(user.Email);
            }

            parts.Audit.Add(AuditEvents.ClientOwnerAdded, new(UserId: user.Id, ClientId: clientId));
            await db.SaveChangesAsync(cancellationToken);
            return new OwnerAppointment.Added(user.Email);
        },
        cancellationToken);

    /// <summary>Takes an owner away, the last one as well.</summary>
    public Task<OwnerAppointment> RemoveAsync(string clientId, string email, CancellationToken cancellationToken) => ChangeAsync(
        clientId,
        email,
        async (row, user) =>
        {
            if (await db.ClientOwners.Where(owner => owner.ClientRowId == row && owner.UserId == user.Id).ExecuteDeleteAsync(cancellationToken) == 0)
            {
                return new OwnerAppointment.NoOwner();
            }

            parts.Audit.Add(AuditEvents.ClientOwnerRemoved, new(UserId: user.Id, ClientId: clientId));
            await db.SaveChangesAsync(cancellationToken);
            return new OwnerAppointment.Removed(user.Email, await db.ClientOwners.CountAsync(owner => owner.ClientRowId == row, cancellationToken));
        },
        cancellationToken);

    private async Task<OwnerAppointment> ChangeAsync(
        string clientId, string email, Func<string, User, Task<OwnerAppointment>> change, CancellationToken cancellationToken)
    {
        if (await RowOfAsync(clientId, cancellationToken) is not { } row)
        {
            return new OwnerAppointment.NoClient();
        }

        return await users.FindByEmailAsync(email, cancellationToken) switch
        {
            null => new OwnerAppointment.NoAccount(),
            { TestOfClientId: not null } => new OwnerAppointment.TestUser(),
            { } user => await unit.InOwnTransactionAsync(
                async () =>
                {
                    await parts.Clients.HoldClientAsync(row, cancellationToken);
                    return await change(row, user);
                },
                cancellationToken),
        };
    }

    private Task<string?> RowOfAsync(string clientId, CancellationToken cancellationToken) =>
        db.Clients.Where(client => client.ClientId == clientId).Select(client => client.Id).SingleOrDefaultAsync(cancellationToken);
}

/// <summary>What the operator's word about owners touches beside the rows.</summary>
internal sealed record OperatorOwnershipParts(OwnershipOperations Operations, RegistrationOperations Clients, AuditTrail Audit, TimeProvider Clock);

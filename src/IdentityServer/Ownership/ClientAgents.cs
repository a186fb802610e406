using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>
/// Lets machine clients manage other clients, such as a build server the test users of an application that keeps no secret. Only somebody
/// who owns both can say so; what the machine may do is what its tokens' scopes say.
/// </summary>
internal sealed class ClientAgents(IdentityServerDbContext db, UnitOfWork unit, RegistrationOperations clients, AuditTrail audit, TimeProvider clock)
{
    /// <summary>The most machines that may manage one client.</summary>
    public const int Most = 10;

    /// <summary>The <c>client_id</c>s of the machines that may manage a client.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(OwnedClient client, CancellationToken cancellationToken) =>
        await db.ClientAgents.AsNoTracking().Where(agent => agent.ClientRowId == client.RowId)
            .Join(db.Clients, agent => agent.AgentRowId, machine => machine.Id, (agent, machine) => machine.ClientId!)
            .OrderBy(clientId => clientId).ToListAsync(cancellationToken);

    /// <summary>Lets a machine manage a client.</summary>
    /// <param name="client">What is managed.</param>
    /// <param name="machine">Who manages it: a client that acts for itself, of the same person.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the machine is none, no person says so, they own not both, or there are <see cref="Most"/> already.</returns>
    public async Task<bool> AddAsync(OwnedClient client, OwnedClient machine, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(machine);
        if (client.Actor is not Actor.Person { User.Id: var person } || machine.Actor is not Actor.Person { User.Id: var owner } || person != owner
            || client.RowId == machine.RowId || !machine.Settings.GrantTypes.Contains(ClientGrantTypes.ClientCredentials))
        {
            return false;
        }

        return await unit.InOwnTransactionAsync(
            async () =>
            {
                await clients.HoldClientAsync(client.RowId, cancellationToken);
                var agents = await db.ClientAgents.Where(agent => agent.ClientRowId == client.RowId).Select(agent => agent.AgentRowId).ToListAsync(cancellationToken);
                if (agents.Contains(machine.RowId))
                {
                    return true;
                }

                if (agents.Count >= Most
                    || await db.ClientOwners.CountAsync(row => row.UserId == person && (row.ClientRowId == client.RowId || row.ClientRowId == machine.RowId), cancellationToken) != 2)
                {
                    return false;
                }

                db.ClientAgents.Add(new() { ClientRowId = client.RowId, AgentRowId = machine.RowId, AddedAt = clock.GetUtcNow() });
                audit.Add(AuditEvents.ClientAgentAdded, new(UserId: person, ClientId: client.ClientId), About(machine.ClientId));
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Lets a machine manage a client no longer.</summary>
    /// <returns>False when it could not, or no person says so.</returns>
    public async Task<bool> RemoveAsync(OwnedClient client, string machineClientId, CancellationToken cancellationToken)
    {
        if (client.Actor is not Actor.Person { User.Id: var person })
        {
            return false;
        }

        return await unit.InOwnTransactionAsync(
            async () =>
            {
                var removed = await db.ClientAgents
                    .Where(agent => agent.ClientRowId == client.RowId && db.Clients.Any(machine => machine.Id == agent.AgentRowId && machine.ClientId == machineClientId))
                    .ExecuteDeleteAsync(cancellationToken) == 1;
                if (removed)
                {
                    audit.Add(AuditEvents.ClientAgentRemoved, new(UserId: person, ClientId: client.ClientId), About(machineClientId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return removed;
            },
            cancellationToken);
    }

    private static Dictionary<string, string> About(string machineClientId) => new() { ["machine"] = machineClientId };
}

using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Clients;

/// <summary>
/// Ends a client: its tokens, what it was granted, what is being asked for it, its registration and its test users go with it, in one
/// transaction. The sessions of people go on; they are not the client's.
/// </summary>
internal sealed class ClientRetirement(
    IdentityServerDbContext db, UnitOfWork unit, RegistrationOperations operations, ClientCache clients, AuditTrail audit)
{
    /// <summary>Deletes a client. Another node may know it for up to <see cref="ClientCache.Freshness"/> more, but finds no token of it.</summary>
    /// <param name="rowId">Its row.</param>
    /// <param name="clientId">Its <c>client_id</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="version">What the row's version must still be; null for whatever it is.</param>
    /// <returns>False when it was gone, or is not of that version.</returns>
    public async Task<bool> RetireAsync(string rowId, string clientId, CancellationToken cancellationToken, string? version = null)
    {
        var deleted = await unit.InOwnTransactionAsync(
            async () =>
            {
                var deletion = await operations.DeleteClientAsync(rowId, clientId, version, cancellationToken);
                if (!deletion.WasThere)
                {
                    return false;
                }

                foreach (var testUser in deletion.TestUsers)
                {
                    audit.Add(AuditEvents.TestUserDeleted, new(UserId: testUser, ClientId: clientId));
                }

                audit.Add(AuditEvents.ClientDeleted, new(ClientId: clientId));
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
        clients.Forget(new Client { Id = rowId, ClientId = clientId });
        return deleted;
    }
}

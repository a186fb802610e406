using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Clients.Showing;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>
/// The logos that owners upload. With another picture the operator would vouch for a stranger, so any change of it takes the approval back,
/// in the same transaction, and gives the client another version: an administrator who looked at the old one has said nothing of the new.
/// </summary>
internal sealed class ClientLogos(IdentityServerDbContext db, UnitOfWork unit, RegistrationOperations clients, ClientRegistry registry, ClientLogosParts parts)
{
    /// <summary>Whether a client has an uploaded logo.</summary>
    public Task<bool> HasAsync(string clientRowId, CancellationToken cancellationToken) =>
        db.ClientLogos.AnyAsync(logo => logo.ClientRowId == clientRowId, cancellationToken);

    /// <summary>Puts a picture in place of the one that is there.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="picture">What <see cref="LogoDrawing"/> drew; null to have none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the client is gone.</returns>
    public async Task<bool> PutAsync(OwnedClient client, LogoVerdict.Drawn? picture, CancellationToken cancellationToken)
    {
        var stored = await unit.InOwnTransactionAsync(() => StoreAsync(client, picture, cancellationToken), cancellationToken);
        parts.Cache.Forget(new Client { Id = client.RowId, ClientId = client.ClientId });
        return stored;
    }

    private async Task<bool> StoreAsync(OwnedClient client, LogoVerdict.Drawn? picture, CancellationToken cancellationToken)
    {
        await clients.HoldClientAsync(client.RowId, cancellationToken);
        if (await db.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == client.RowId, cancellationToken) is not { } row)
        {
            return false;
        }

        await db.ClientLogos.Where(logo => logo.ClientRowId == client.RowId).ExecuteDeleteAsync(cancellationToken);
        if (picture is not null)
        {
            db.ClientLogos.Add(new() { ClientRowId = client.RowId, Content = picture.Png, UploadedAt = parts.Clock.GetUtcNow() });
        }

        parts.Audit.Add(AuditEvents.ClientLogoChanged, new(UserId: (client.Actor as Actor.Person)?.User.Id, ClientId: client.ClientId));
        await db.SaveChangesAsync(cancellationToken);
        var metadata = CachedClient.MetadataOf(row);
        if (metadata.Verified || metadata.FirstParty)
        {
            await registry.UpdateAsync(metadata with { Verified = false, FirstParty = false }, cancellationToken);
        }

        var version = Guid.NewGuid().ToString();
        await db.Clients.Where(changed => changed.Id == client.RowId)
            .ExecuteUpdateAsync(set => set.SetProperty(changed => changed.ConcurrencyToken, version), cancellationToken);
        return true;
    }
}

/// <summary>What changing a logo touches beside the client.</summary>
internal sealed record ClientLogosParts(ClientCache Cache, AuditTrail Audit, TimeProvider Clock);

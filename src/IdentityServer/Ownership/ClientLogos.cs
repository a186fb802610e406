using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Clients.Showing;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>
/// The logos of clients, uploaded or taken from where their <c>logo_uri</c> points. With another picture the operator would vouch for a stranger, so any change of it takes the approval back,
/// in the same transaction, and gives the client another version: an administrator who looked at the old one has said nothing of the new.
/// </summary>
internal sealed class ClientLogos(IdentityServerDbContext db, UnitOfWork unit, RegistrationOperations clients, ClientRegistry registry, ClientLogosParts parts)
{
    /// <summary>Whether a client has a logo.</summary>
    public Task<bool> HasAsync(string clientRowId, CancellationToken cancellationToken) =>
        db.ClientLogos.AnyAsync(logo => logo.ClientRowId == clientRowId, cancellationToken);

    /// <summary>Puts a picture in place of the one that is there.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="picture">What <see cref="LogoDrawing"/> drew; null to have none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the client is gone.</returns>
    public async Task<bool> PutAsync(OwnedClient client, LogoVerdict.Drawn? picture, CancellationToken cancellationToken)
    {
        var stored = await unit.InOwnTransactionAsync(
            async () =>
            {
                if (await HeldAsync(client.RowId, cancellationToken) is not { } row)
                {
                    return false;
                }

                await StoreAsync(row, picture, (client.Actor as Actor.Person)?.User.Id, cancellationToken);
                return true;
            },
            cancellationToken);
        parts.Cache.Forget(new Client { Id = client.RowId, ClientId = client.ClientId });
        return stored;
    }

    /// <summary>Gives a picture to a client that waits for approval and has none, so that the administrator can look at it and then decide.</summary>
    /// <param name="administrator">Who wants it.</param>
    /// <param name="seen">The client as they saw it; one that was changed since, such as by an owner's upload, is left alone.</param>
    /// <param name="picture">What <see cref="LogoDrawing"/> drew.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ApprovalOutcome> PutAsync(
        User administrator, PendingApproval seen, LogoVerdict.Drawn picture, CancellationToken cancellationToken)
    {
        var outcome = await unit.InOwnTransactionAsync(() => StoreSeenAsync(administrator, seen, picture, cancellationToken), cancellationToken);
        parts.Cache.Forget(new Client { Id = seen.Client.Id, ClientId = seen.Client.ClientId });
        return outcome;
    }

    private async Task<ApprovalOutcome> StoreSeenAsync(
        User administrator, PendingApproval seen, LogoVerdict.Drawn picture, CancellationToken cancellationToken)
    {
        // In the row: fetching took its time, and whoever lost the office meanwhile gives nobody a picture.
        if (!await db.Users.AnyAsync(user => user.Id == administrator.Id && user.Administrator && user.TestOfClientId == null, cancellationToken))
        {
            return ApprovalOutcome.NotAdmitted;
        }

        if (await HeldAsync(seen.Client.Id, cancellationToken) is not { } row
            || !await db.ClientStandings.AnyAsync(standing => standing.ClientRowId == row.Id && standing.ApprovalAskedAt != null, cancellationToken))
        {
            return ApprovalOutcome.Gone;
        }

        if (!string.Equals(row.ConcurrencyToken, seen.Version, StringComparison.Ordinal) || await HasAsync(seen.Client.Id, cancellationToken))
        {
            return ApprovalOutcome.Changed;
        }

        await StoreAsync(row, picture, administrator.Id, cancellationToken);
        return ApprovalOutcome.Done;
    }

    private async Task<Client?> HeldAsync(string rowId, CancellationToken cancellationToken)
    {
        await clients.HoldClientAsync(rowId, cancellationToken);
        return await db.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == rowId, cancellationToken);
    }

    // Of a row that is held.
    private async Task StoreAsync(Client row, LogoVerdict.Drawn? picture, Guid? by, CancellationToken cancellationToken)
    {
        await db.ClientLogos.Where(logo => logo.ClientRowId == row.Id).ExecuteDeleteAsync(cancellationToken);
        if (picture is not null)
        {
            db.ClientLogos.Add(new() { ClientRowId = row.Id!, Content = picture.Png, UploadedAt = parts.Clock.GetUtcNow() });
        }

        parts.Audit.Add(AuditEvents.ClientLogoChanged, new(UserId: by, ClientId: row.ClientId));
        await db.SaveChangesAsync(cancellationToken);
        var metadata = CachedClient.MetadataOf(row);
        if (metadata.Verified || metadata.FirstParty)
        {
            await registry.UpdateAsync(metadata with { Verified = false, FirstParty = false }, cancellationToken);
        }

        var version = Guid.NewGuid().ToString();
        await db.Clients.Where(changed => changed.Id == row.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(changed => changed.ConcurrencyToken, version), cancellationToken);
    }
}

/// <summary>What changing a logo touches beside the client.</summary>
internal sealed record ClientLogosParts(ClientCache Cache, AuditTrail Audit, TimeProvider Clock);

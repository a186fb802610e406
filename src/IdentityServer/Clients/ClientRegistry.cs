using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace IdentityServer.Clients;

/// <summary>
/// Registers and changes clients; every way in comes through here. Each call saves by itself; inside a unit of work that is open, the
/// change counts with its commit, and this process may serve the old registration for up to <see cref="ClientCache.Freshness"/> after it.
/// </summary>
internal sealed class ClientRegistry(IdentityServerDbContext db, ClientManager manager, ClientSecretVerifier secrets, AuditTrail audit)
{
    /// <summary>Registers a client, with an identifier and a secret made here where the metadata brings none.</summary>
    public async Task<RegisterOutcome> RegisterAsync(ClientMetadata metadata, CancellationToken cancellationToken)
    {
        var verdict = metadata.Judge();
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new RegisterOutcome.Refused(refused.Problems);
        }

        var client = Accepted(verdict) with { ClientId = metadata.ClientId ?? NewIdentifier() };
        if (await FindRowAsync(client.ClientId!, cancellationToken) is not null)
        {
            return new RegisterOutcome.Taken(client.ClientId!);
        }

        var generated = !client.HasSecret || metadata.ClientSecret is not null ? null : NewSecret();
        audit.Add(AuditEvents.ClientRegistered, new(ClientId: client.ClientId));
        try
        {
            await manager.CreateAsync(ClientDescriptor.From(client, (generated ?? metadata.ClientSecret)?.Reveal()), cancellationToken);
        }
        catch (Exception raced) when (raced is ValidationException || (raced is DbUpdateException && !db.InUnitOfWork))
        {
            // Two registrations of one identifier raced, and the manager or the unique index saw it; anything else is a fault.
            Detach(client.ClientId!);
            if (await FindRowAsync(client.ClientId!, cancellationToken) is null)
            {
                throw;
            }

            return new RegisterOutcome.Taken(client.ClientId!);
        }
        finally
        {
            Detach(client.ClientId!); // a long import must not pile up tracked rows
        }

        return new RegisterOutcome.Registered(client, generated);
    }

    /// <summary>Puts a client's metadata in place of what is registered. Without a secret in it, the registered one stays.</summary>
    public async Task<UpdateOutcome> UpdateAsync(ClientMetadata metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(metadata.ClientId);
        var verdict = metadata.Judge();
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new UpdateOutcome.Refused(refused.Problems);
        }

        var row = await FindRowAsync(metadata.ClientId, cancellationToken);
        if (row is null)
        {
            return new UpdateOutcome.Unknown();
        }

        var client = Accepted(verdict);
        var sameSecret = await HasSecretAsync(row, metadata.ClientSecret, cancellationToken);
        if (sameSecret && Differing(CachedClient.MetadataOf(row), client).Count == 0)
        {
            return new UpdateOutcome.Unchanged();
        }

        var generated = !client.HasSecret || metadata.ClientSecret is not null || row.ClientSecret is not null ? null : NewSecret();
        var secret = !client.HasSecret ? null : sameSecret && generated is null ? row.ClientSecret : (generated ?? metadata.ClientSecret)!.Reveal();
        var tracked = await db.Clients.SingleAsync(candidate => candidate.Id == row.Id, cancellationToken);
        audit.Add(AuditEvents.ClientChanged, new(ClientId: client.ClientId));
        try
        {
            await manager.UpdateAsync(tracked, ClientDescriptor.From(client, secret), cancellationToken);
        }
        finally
        {
            // Until it is hashed the row holds a new secret in the clear: after a failure nobody may save it.
            Detach(client.ClientId!);
        }

        return new UpdateOutcome.Updated(client, generated);
    }

    /// <summary>What is registered under an identifier, as the database has it now; null when there is nothing.</summary>
    public async Task<ClientMetadata?> ReadAsync(string clientId, CancellationToken cancellationToken) =>
        await FindRowAsync(clientId, cancellationToken) is { } row ? CachedClient.MetadataOf(row) : null;

    /// <summary>The members in which a wish differs from what is registered under its identifier, the secret included; empty when in none.</summary>
    /// <returns>Null when nothing is registered under it.</returns>
    public async Task<IReadOnlyList<string>?> CompareAsync(ClientMetadata wanted, CancellationToken cancellationToken)
    {
        if (await FindRowAsync(wanted.ClientId!, cancellationToken) is not { } row)
        {
            return null;
        }

        var differing = Differing(CachedClient.MetadataOf(row), wanted);
        if (!await HasSecretAsync(row, wanted.ClientSecret, cancellationToken))
        {
            differing.Add("client_secret");
        }

        return differing;
    }

    private static ClientMetadata Accepted(ClientMetadataVerdict verdict) => ((ClientMetadataVerdict.Accepted)verdict).Metadata;

    private static string NewIdentifier() => "c-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private static ClientSecret NewSecret() => ClientSecret.FromRandom(RandomNumberGenerator.GetBytes(ClientSecret.GeneratedBytes));

    private static List<string> Differing(ClientMetadata registered, ClientMetadata wanted)
    {
        var left = registered.ToJson().EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText());
        var right = wanted.ToJson().EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText());
        return [.. left.Keys.Union(right.Keys).Where(name => left.GetValueOrDefault(name) != right.GetValueOrDefault(name))];
    }

    private void Detach(string clientId)
    {
        var key = db.Clients.Local.FirstOrDefault(client => client.ClientId == clientId)?.Id;
        var entries = db.ChangeTracker.Entries().Where(entry => entry.Entity switch
        {
            Client client => client.ClientId == clientId,
            ClientOrigin origin => origin.ApplicationId == key,
            AuditEvent told => told.ClientId == clientId && told.UserId is null,
            _ => false,
        });
        foreach (var entry in entries.ToList())
        {
            entry.State = EntityState.Detached;
        }
    }

    private async Task<bool> HasSecretAsync(Client row, ClientSecret? claimed, CancellationToken cancellationToken) =>
        claimed is null || (row.ClientSecret is not null && await secrets.VerifyAsync(row.ClientSecret, claimed.Reveal(), cancellationToken));

    private Task<Client?> FindRowAsync(string clientId, CancellationToken cancellationToken) =>
        db.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.ClientId == clientId, cancellationToken);
}

using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Audit;
using IdentityServer.Clients.Credentials;
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
internal sealed class ClientRegistry(
    IdentityServerDbContext db, ClientManager manager, ClientSecretVerifier verifier, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Registers a client, with an identifier and a secret made here where the metadata brings none.</summary>
    public async Task<RegisterOutcome> RegisterAsync(ClientMetadata metadata, CancellationToken cancellationToken) =>
        BuiltIns.IsClient(metadata.ClientId)
            ? new RegisterOutcome.Refused([BuiltIns.ClientTaken])
            : await StoreAsync(metadata, cancellationToken);

    /// <summary>Puts a client's metadata in place of what is registered. Without a secret in it, the registered one stays.</summary>
    public async Task<UpdateOutcome> UpdateAsync(ClientMetadata metadata, CancellationToken cancellationToken) =>
        BuiltIns.IsClient(metadata.ClientId)
            ? new UpdateOutcome.Refused([BuiltIns.ClientTaken])
            : await ReplaceAsync(metadata, cancellationToken);

    /// <summary>Sees to it that a client of <see cref="BuiltIns"/> is registered exactly so. The server itself asks for it, and nobody else.</summary>
    public async Task KeepBuiltInAsync(ClientMetadata builtIn, CancellationToken cancellationToken)
    {
        if (await ReplaceAsync(builtIn, cancellationToken) is UpdateOutcome.Unknown)
        {
            await StoreAsync(builtIn, cancellationToken);
        }
    }

    private async Task<RegisterOutcome> StoreAsync(ClientMetadata metadata, CancellationToken cancellationToken)
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
            await manager.RegisterAsync(ClientDescriptor.From(client), Entry(generated ?? metadata.ClientSecret), cancellationToken);
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

    private async Task<UpdateOutcome> ReplaceAsync(ClientMetadata metadata, CancellationToken cancellationToken)
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
        var active = await ActiveAsync(row.Id!, cancellationToken);
        var sameSecret = client.HasSecret
            ? active.Count > 0 && await IsOneOfAsync(active, metadata.ClientSecret, cancellationToken)
            : active.Count == 0;
        if (sameSecret && Differing(CachedClient.MetadataOf(row), client).Count == 0)
        {
            return new UpdateOutcome.Unchanged();
        }

        var generated = client.HasSecret && metadata.ClientSecret is null && active.Count == 0 ? NewSecret() : null;
        var tracked = await db.Clients.SingleAsync(candidate => candidate.Id == row.Id, cancellationToken);
        if (!sameSecret)
        {
            await ReplaceSecretsAsync(tracked, generated ?? metadata.ClientSecret, cancellationToken);
        }

        audit.Add(AuditEvents.ClientChanged, new(ClientId: client.ClientId));
        try
        {
            await manager.UpdateAsync(tracked, ClientDescriptor.From(client), cancellationToken);
        }
        finally
        {
            // After a failure nobody may save it with something else.
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
        if (!await IsOneOfAsync(await ActiveAsync(row.Id!, cancellationToken), wanted.ClientSecret, cancellationToken))
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
            ClientSecretEntry secret => secret.ClientRowId == key,
            AuditEvent told => told.ClientId == clientId && told.UserId is null,
            _ => false,
        });
        foreach (var entry in entries.ToList())
        {
            entry.State = EntityState.Detached;
        }
    }

    // Whoever says nothing of a secret means those that there are.
    private async Task<bool> IsOneOfAsync(IReadOnlyList<ClientSecretEntry> secrets, ClientSecret? claimed, CancellationToken cancellationToken) =>
        claimed is null
        || await verifier.VerifyAsync(secrets.Select(secret => new StoredSecret(secret.Id, secret.Hash, secret.ExpiresAt)), claimed.Reveal(), cancellationToken);

    private async Task<List<ClientSecretEntry>> ActiveAsync(string rowId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await db.ClientSecrets.AsNoTracking()
            .Where(secret => secret.ClientRowId == rowId && secret.RetiredAt == null && (secret.ExpiresAt == null || secret.ExpiresAt > now))
            .ToListAsync(cancellationToken);
    }

    // Saved with the client: another secret, or another way to prove itself, ends those that there were.
    private async Task ReplaceSecretsAsync(Client tracked, ClientSecret? successor, CancellationToken cancellationToken)
    {
        foreach (var old in await db.ClientSecrets.Where(secret => secret.ClientRowId == tracked.Id && secret.RetiredAt == null).ToListAsync(cancellationToken))
        {
            old.RetiredAt = clock.GetUtcNow();
        }

        if (Entry(successor) is { } entry)
        {
            entry.ClientRowId = tracked.Id;
            db.ClientSecrets.Add(entry);
        }
    }

    private ClientSecretEntry? Entry(ClientSecret? secret) => secret is null ? null : ClientSecretDesk.Entry(secret, clock.GetUtcNow());

    private Task<Client?> FindRowAsync(string clientId, CancellationToken cancellationToken) =>
        db.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.ClientId == clientId, cancellationToken);
}

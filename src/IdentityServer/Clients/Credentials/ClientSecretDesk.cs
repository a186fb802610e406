using System.Security.Cryptography;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Credentials;

/// <summary>A secret as its owners see it: never itself, only what is known of it.</summary>
/// <param name="Id">What it is called by.</param>
/// <param name="Label">What it is for, in its owner's words; may be empty.</param>
/// <param name="History">Made, expires, last used, retired.</param>
/// <param name="RetiresItself">It goes by itself once that is safe.</param>
/// <param name="Retirement">What can be said of taking it away now.</param>
internal sealed record ShownSecret(Guid Id, string Label, SecretHistory History, bool RetiresItself, Retirement Retirement);

/// <summary>What became of a wish for a new secret.</summary>
internal abstract record SecretMade
{
    private SecretMade()
    {
    }

    /// <summary>It is good at once, on every node; this is the only time that anybody can read it.</summary>
    public sealed record Done(ShownSecret Shown, ClientSecret Secret) : SecretMade;

    /// <summary>The client proves itself by something else.</summary>
    public sealed record NotTaken : SecretMade;

    /// <summary>It has <see cref="SecretRotation.MostActive"/> already: retire one first.</summary>
    public sealed record TooMany : SecretMade;

    /// <summary>The label is too long, or the end is not ahead.</summary>
    public sealed record Refused(MetadataProblem Problem) : SecretMade;

    /// <summary>The client is gone.</summary>
    public sealed record Gone : SecretMade;
}

/// <summary>What became of a wish to retire a secret.</summary>
internal abstract record SecretRetired
{
    private SecretRetired()
    {
    }

    /// <summary>It is not taken any more: at once here, within <see cref="ClientCache.Freshness"/> on other nodes.</summary>
    public sealed record Done : SecretRetired;

    /// <summary>The evidence is not there yet, and nobody said that it should go all the same.</summary>
    public sealed record NotSafe(Retirement Why) : SecretRetired;

    /// <summary>There is no such secret of this client, or it was over already.</summary>
    public sealed record Gone : SecretRetired;
}

/// <summary>
/// Makes and retires secrets of a client. Whoever calls has made sure that the one who asks may. Each change holds the client's row, so that
/// of two who retire the last two secrets at once one is told that it would be the only one.
/// </summary>
internal sealed class ClientSecretDesk(IdentityServerDbContext db, UnitOfWork unit, RegistrationOperations operations, ClientSecretDeskParts parts)
{
    /// <summary>The longest label, in characters.</summary>
    public const int LongestLabel = 100;

    /// <summary>The furthest end of a secret that is to have one.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(3 * 366);

    /// <summary>A secret's row as it begins.</summary>
    public static ClientSecretEntry Entry(ClientSecret secret, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Hash = ClientSecretHash.Create(secret, RandomNumberGenerator.GetBytes(ClientSecretHash.SaltLength)),
        CreatedAt = now,
    };

    /// <summary>All secrets of a client, the youngest first; those that are over stay for <see cref="SecretRotation.RetiredKept"/>.</summary>
    public async Task<IReadOnlyList<ShownSecret>> ListAsync(string clientRowId, CancellationToken cancellationToken)
    {
        var rows = await db.ClientSecrets.AsNoTracking().Where(secret => secret.ClientRowId == clientRowId)
            .OrderByDescending(secret => secret.CreatedAt).ThenByDescending(secret => secret.Id).ToListAsync(cancellationToken);
        var histories = rows.ConvertAll(HistoryOf);
        return [.. rows.Zip(histories, (row, history) => Show(row, history, histories))];
    }

    /// <summary>Makes one more secret.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="label">What it is for; may be empty.</param>
    /// <param name="expiresAt">When it ends; null for never.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SecretMade> MakeAsync(ClientSettings client, string label, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        if (FaultOf(label, expiresAt, now) is { } fault)
        {
            return new SecretMade.Refused(fault);
        }

        var outcome = await unit.InOwnTransactionAsync(() => StoreAsync(client, label, expiresAt, now, cancellationToken), cancellationToken);
        Forget(client);
        return outcome;
    }

    /// <summary>Takes a secret away.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="secretId">Which.</param>
    /// <param name="evenIfUnsafe">Also without evidence that nothing holds it any more: for one that has leaked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SecretRetired> RetireAsync(ClientSettings client, Guid secretId, bool evenIfUnsafe, CancellationToken cancellationToken)
    {
        var outcome = await unit.InOwnTransactionAsync(
            async () =>
            {
                await operations.HoldClientAsync(client.Id, cancellationToken);
                var secret = (await ListAsync(client.Id, cancellationToken)).FirstOrDefault(secret => secret.Id == secretId);
                if (secret is null or { Retirement: Retirement.Over })
                {
                    return new SecretRetired.Gone();
                }

                if (secret.Retirement != Retirement.Safe && !evenIfUnsafe)
                {
                    return (SecretRetired)new SecretRetired.NotSafe(secret.Retirement);
                }

                var now = parts.Clock.GetUtcNow();
                await db.ClientSecrets.Where(row => row.Id == secretId && row.ClientRowId == client.Id && row.RetiredAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.RetiredAt, now), cancellationToken);
                parts.Audit.Add(AuditEvents.ClientSecretRetired, new(ClientId: client.ClientId), About(secretId));
                await db.SaveChangesAsync(cancellationToken);
                return new SecretRetired.Done();
            },
            cancellationToken);
        Forget(client);
        return outcome;
    }

    /// <summary>
    /// Takes a secret away that nobody but this server ever held, and leaves no row of it: there is nothing out in the world that could
    /// still present it and would have to be told that it is over.
    /// </summary>
    public async Task DiscardAsync(ClientSettings client, Guid secretId, CancellationToken cancellationToken)
    {
        await unit.InOwnTransactionAsync(
            async () =>
            {
                await operations.HoldClientAsync(client.Id, cancellationToken);
                if (await db.ClientSecrets.Where(row => row.Id == secretId && row.ClientRowId == client.Id).ExecuteDeleteAsync(cancellationToken) == 1)
                {
                    parts.Audit.Add(AuditEvents.ClientSecretRetired, new(ClientId: client.ClientId), About(secretId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return true;
            },
            cancellationToken);
        Forget(client);
    }

    /// <summary>Says whether a secret is to go by itself once that is safe.</summary>
    /// <returns>False when there is no such secret of this client, or it is over.</returns>
    public async Task<bool> LetRetireItselfAsync(ClientSettings client, Guid secretId, bool wished, CancellationToken cancellationToken) =>
        await db.ClientSecrets.Where(row => row.Id == secretId && row.ClientRowId == client.Id && row.RetiredAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RetiresItself, wished), cancellationToken) == 1;

    private async Task<SecretMade> StoreAsync(
        ClientSettings client, string label, DateTimeOffset? expiresAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await operations.HoldClientAsync(client.Id, cancellationToken);
        if (await db.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == client.Id, cancellationToken) is not { } row)
        {
            return new SecretMade.Gone();
        }

        // As it is now: what was read before the row was held may be old.
        if (!CachedClient.MetadataOf(row).HasSecret)
        {
            return new SecretMade.NotTaken();
        }

        var earlier = await ListAsync(client.Id, cancellationToken);
        if (earlier.Count(secret => secret.History.IsActive(now)) >= SecretRotation.MostActive)
        {
            return new SecretMade.TooMany();
        }

        var secret = ClientSecret.FromRandom(RandomNumberGenerator.GetBytes(ClientSecret.GeneratedBytes));
        var entry = Entry(secret, now);
        (entry.ClientRowId, entry.Label, entry.ExpiresAt) = (client.Id, label.Trim(), expiresAt);
        db.ClientSecrets.Add(entry);
        parts.Audit.Add(AuditEvents.ClientSecretMade, new(ClientId: client.ClientId), About(entry.Id));
        await db.SaveChangesAsync(cancellationToken);
        var history = HistoryOf(entry);
        return new SecretMade.Done(Show(entry, history, [.. earlier.Select(shown => shown.History), history]), secret);
    }

    private static MetadataProblem? FaultOf(string label, DateTimeOffset? expiresAt, DateTimeOffset now) =>
        label.Trim().Length > LongestLabel || label.Any(char.IsControl)
            ? new("label", $"is longer than {LongestLabel} characters, or holds control characters", "Say in a few words what the secret is for.")
        : expiresAt <= now ? new("expires_at", "is not ahead", "Give a moment to come, or leave it out for a secret that does not expire.")
        : expiresAt > now + LongestLife ? new("expires_at", "is more than three years ahead", "Choose an earlier end, or leave it out.")
        : null;

    private ShownSecret Show(ClientSecretEntry row, SecretHistory history, IReadOnlyCollection<SecretHistory> all) =>
        new(row.Id, row.Label, history, row.RetiresItself, SecretRotation.Judge(history, all, parts.Clock.GetUtcNow()));

    private static SecretHistory HistoryOf(ClientSecretEntry row) => new(row.CreatedAt, row.ExpiresAt, row.LastUsedAt, row.RetiredAt);

    private static Dictionary<string, string> About(Guid secretId) => new() { ["secret"] = secretId.ToString() };

    private void Forget(ClientSettings client) => parts.Cache.Forget(new Client { Id = client.Id, ClientId = client.ClientId });
}

/// <summary>What changing secrets touches beside them.</summary>
internal sealed record ClientSecretDeskParts(AuditTrail Audit, ClientCache Cache, TimeProvider Clock);

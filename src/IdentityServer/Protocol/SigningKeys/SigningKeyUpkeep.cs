using IdentityServer.Audit;
using IdentityServer.Domain.SigningKeys;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>
/// The rows of the signing keys: makes those that are due and drops those that have expired. Whoever changes them holds the installation's
/// lock, so that one node makes a key and all others find it.
/// </summary>
internal sealed class SigningKeyUpkeep(IServiceScopeFactory scopes, InstallationLock installationLock, SigningKeyMaterial material, TimeProvider time)
{
    /// <summary>Every key's row, oldest first; after the due ones were made, and without the expired ones.</summary>
    public async Task<List<SigningKey>> RowsAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = await InOrder(scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().SigningKeys.AsNoTracking()).ToListAsync(cancellationToken);
        return NeedsWork(rows, time.GetUtcNow()) ? await ChangeAsync((_, _) => Task.FromResult(true), cancellationToken) : rows;
    }

    /// <summary>Changes keys by somebody's wish, once those are made that are due anyway. It is saved when the work returns true.</summary>
    /// <returns>The rows as they are afterwards.</returns>
    public Task<List<SigningKey>> ChangeAsync(Func<SigningKeyChange, CancellationToken, Task<bool>> work, CancellationToken cancellationToken) =>
        installationLock.RunAsync(
            async token =>
            {
                // What was read before the lock may have changed: everything is looked at anew.
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
                var change = new SigningKeyChange(
                    await InOrder(db.SigningKeys).ToListAsync(token), db, scope.ServiceProvider.GetRequiredService<AuditTrail>(), material, time.GetUtcNow());
                await change.BringUpToDateAsync(token);
                await db.SaveChangesAsync(token);
                if (await work(change, token))
                {
                    await db.SaveChangesAsync(token);
                }

                return await InOrder(db.SigningKeys.AsNoTracking()).ToListAsync(token);
            },
            cancellationToken);

    /// <summary>A row's life.</summary>
    public static KeyPeriod PeriodOf(SigningKey row) => new(row.CreatedAt, row.ActivatesAt, row.RetiresAt, row.ExpiresAt);

    /// <summary>The keys of an algorithm that may be used.</summary>
    public static List<SigningKey> Usable(IEnumerable<SigningKey> rows, string algorithm) =>
        [.. rows.Where(row => row.Algorithm == algorithm && row.RevokedAt is null)];

    /// <summary>The key of an algorithm that must be made, if any.</summary>
    public static KeyPeriod? Due(IEnumerable<SigningKey> rows, string algorithm, DateTimeOffset now) =>
        KeySchedule.Due([.. Usable(rows, algorithm).Select(PeriodOf)], now);

    private static bool NeedsWork(List<SigningKey> rows, DateTimeOffset now) =>
        rows.Exists(row => !PeriodOf(row).IsPublishedAt(now)) || SigningKeyMaterial.Algorithms.Any(algorithm => Due(rows, algorithm, now) is not null);

    private static IQueryable<SigningKey> InOrder(IQueryable<SigningKey> rows) => rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id);
}

/// <summary>Signing keys that are being changed, by whoever holds the installation's lock.</summary>
internal sealed class SigningKeyChange(List<SigningKey> rows, IdentityServerDbContext db, AuditTrail audit, SigningKeyMaterial material, DateTimeOffset now)
{
    /// <summary>The keys.</summary>
    public IReadOnlyList<SigningKey> Rows => rows;

    /// <summary>The time of the change.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Makes what is due, and drops what has expired.</summary>
    public async Task BringUpToDateAsync(CancellationToken cancellationToken)
    {
        foreach (var expired in rows.Where(row => !SigningKeyUpkeep.PeriodOf(row).IsPublishedAt(now)).ToList())
        {
            rows.Remove(expired);
            db.SigningKeys.Remove(expired);
        }

        // On the first start an RSA key is waited for twice: side by side on as many cores.
        var due = SigningKeyMaterial.Algorithms.Select(algorithm => (Algorithm: algorithm, Period: SigningKeyUpkeep.Due(rows, algorithm, now)))
            .Where(key => key.Period is not null).ToList();
        foreach (var made in await Task.WhenAll(due.Select(key => Task.Run(() => material.Create(key.Algorithm, key.Period!), cancellationToken))))
        {
            Add(made);
        }
    }

    /// <summary>Makes a key.</summary>
    public SigningKey Make(string algorithm, KeyPeriod period)
    {
        var row = material.Create(algorithm, period);
        Add(row);
        return row;
    }

    /// <summary>Moves a key's life.</summary>
    public void Move(SigningKey row, KeyPeriod period)
    {
        (row.ActivatesAt, row.RetiresAt, row.ExpiresAt) = (period.ActivatesAt, period.RetiresAt, period.ExpiresAt);
        EndPredecessorOf(row);
    }

    /// <summary>Ends a key for good, with its private part.</summary>
    public void Revoke(SigningKey row)
    {
        row.RevokedAt = now;
        row.ProtectedKey = "";
        Tell(AuditEvents.SigningKeyRevoked, row);
    }

    /// <summary>Keeps that something was done to a key.</summary>
    public void Tell(string name, SigningKey row) =>
        audit.Add(name, new(), new Dictionary<string, string> { ["kid"] = row.Id, ["alg"] = row.Algorithm });

    private void Add(SigningKey row)
    {
        rows.Add(row);
        db.SigningKeys.Add(row);
        EndPredecessorOf(row);
        Tell(AuditEvents.SigningKeyMade, row);
    }

    private void EndPredecessorOf(SigningKey successor)
    {
        if (KeySchedule.Predecessor(SigningKeyUpkeep.Usable(rows, successor.Algorithm), SigningKeyUpkeep.PeriodOf, successor.ActivatesAt, now) is { } former)
        {
            var period = SigningKeyUpkeep.PeriodOf(former).Until(successor.ActivatesAt);
            (former.RetiresAt, former.ExpiresAt) = (period.RetiresAt, period.ExpiresAt);
        }
    }
}

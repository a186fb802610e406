using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Users;

/// <summary>
/// The addresses of accounts: one that waits for its proof, and those that an account had until lately. Writes join the unit of work that
/// is open.
/// </summary>
internal sealed class AddressChanges(IdentityServerDbContext db, AuditTrail audit, TimeProvider time)
{
    /// <summary>The address that a challenge is to give its account; null when it is to give none.</summary>
    public Task<PendingAddress?> PendingAsync(Guid challengeId, CancellationToken cancellationToken) =>
        db.PendingAddresses.AsNoTracking().SingleOrDefaultAsync(address => address.ChallengeId == challengeId, cancellationToken);

    /// <summary>Notes the address that a challenge is to give its account.</summary>
    public async Task AddPendingAsync(OtpChallenge challenge, string email, CancellationToken cancellationToken)
    {
        db.PendingAddresses.Add(
            new() { ChallengeId = challenge.Id, UserId = challenge.UserId, Email = email, ExpiresAt = challenge.ExpiresAt });
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>The account that had an address until lately, as it was registered; null when none did.</summary>
    public Task<FormerAddress?> FormerAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.FormerAddresses.AsNoTracking()
            .Where(former => former.NormalizedEmail == address.Normalized && former.ExpiresAt > now)
            .OrderByDescending(former => former.ChangedAt)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>
    /// Gives an account another address, which was proven just now. Open challenges become void, and the address that it had can be had
    /// back for a while.
    /// </summary>
    /// <returns>The address that it had; null when the account is gone.</returns>
    /// <exception cref="System.Data.Common.DbException">Another account has the address, or the database failed. The unit is void.</exception>
    public async Task<string?> ChangeAsync(Guid userId, EmailAddress address, CancellationToken cancellationToken)
    {
        if (await SetAsync(userId, address, cancellationToken) is not var (email, normalized))
        {
            return null;
        }

        var now = time.GetUtcNow();
        await db.FormerAddresses
            .Where(row => row.UserId == userId && (row.NormalizedEmail == normalized || row.NormalizedEmail == address.Normalized))
            .ExecuteDeleteAsync(cancellationToken);
        db.FormerAddresses.Add(new()
        {
            UserId = userId,
            Email = email,
            NormalizedEmail = normalized,
            ChangedAt = now,
            ExpiresAt = now + AddressPolicy.RestorableFor,
        });
        audit.Add(AuditEvents.AddressChanged, new(UserId: userId));
        await db.SaveChangesAsync(cancellationToken);
        return email;
    }

    /// <summary>
    /// Gives an account back the address that it had. What it was changed to since cannot be had back: whoever held the account meanwhile
    /// must not return the same way.
    /// </summary>
    /// <returns>The address that it loses; null when there is nothing to give back any more.</returns>
    /// <exception cref="System.Data.Common.DbException">Another account has the address, or the database failed. The unit is void.</exception>
    public async Task<string?> RestoreAsync(Guid userId, EmailAddress address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var former = await db.FormerAddresses.AsNoTracking().SingleOrDefaultAsync(
            row => row.UserId == userId && row.NormalizedEmail == address.Normalized && row.ExpiresAt > now, cancellationToken);
        if (former is null || await SetAsync(userId, address, cancellationToken) is not var (lost, _))
        {
            return null;
        }

        await db.FormerAddresses.Where(row => row.UserId == userId && row.ChangedAt >= former.ChangedAt).ExecuteDeleteAsync(cancellationToken);
        audit.Add(AuditEvents.AddressRestored, new(UserId: userId));
        await db.SaveChangesAsync(cancellationToken);
        return lost;
    }

    private async Task<(string Email, string Normalized)?> SetAsync(Guid userId, EmailAddress address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var present = await db.Users.AsNoTracking().Where(row => row.Id == userId)
            .Select(row => new { row.Email, row.NormalizedEmail }).SingleOrDefaultAsync(cancellationToken);
        if (present is null)
        {
            return null;
        }

        var changed = await db.Users.Where(row => row.Id == userId && row.NormalizedEmail == present.NormalizedEmail).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Email, address.Value)
                .SetProperty(row => row.NormalizedEmail, address.Normalized)
                .SetProperty(row => row.EmailVerified, true)
                .SetProperty(row => row.CredentialVersion, row => row.CredentialVersion + 1)
                .SetProperty(row => row.UpdatedAt, now),
            cancellationToken);
        await db.PendingAddresses.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        return changed == 1 ? (present.Email, present.NormalizedEmail) : null;
    }
}

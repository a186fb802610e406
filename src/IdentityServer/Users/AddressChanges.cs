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

    /// <summary>
    /// Who has an address, or may have it back: that account is told when somebody else wants it, at the address itself.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="asking">The account that asks, and whose own former address is free for it; null for none.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<AddressHolder?> HolderAsync(EmailAddress address, Guid? asking, CancellationToken cancellationToken)
    {
        if (await db.Users.AsNoTracking().Where(row => row.NormalizedEmail == address.Normalized)
            .Select(row => new AddressHolder(row.Id, row.Email, null)).SingleOrDefaultAsync(cancellationToken) is { } holder)
        {
            return holder;
        }

        return await FormerAsync(address, cancellationToken) is { } former && former.UserId != asking
            ? new(former.UserId, former.Email, former.ExpiresAt)
            : null;
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
    /// <returns>
    /// The address that it had; null when the account is gone, another has the address, or one of the two is a test user's: those keep the
    /// address that they were made with, and nobody else gets one.
    /// </returns>
    /// <exception cref="System.Data.Common.DbException">Another got the address this very moment, or the database failed. The unit is void.</exception>
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
    /// <returns>The address that it loses; null when there is nothing to give back any more, or another has the address.</returns>
    /// <exception cref="System.Data.Common.DbException">Another got the address this very moment, or the database failed. The unit is void.</exception>
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

    /// <summary>The addresses that an account had until lately.</summary>
    public Task<List<string>> FormerOfAsync(Guid userId, CancellationToken cancellationToken) =>
        db.FormerAddresses.AsNoTracking().Where(row => row.UserId == userId).Select(row => row.Email).ToListAsync(cancellationToken);

    /// <summary>
    /// The address that an account had at a moment, as far as that is kept: whoever was told of something then is told there, not at an
    /// address that was set since, perhaps by somebody else.
    /// </summary>
    public async Task<string> AtAsync(User user, DateTimeOffset moment, CancellationToken cancellationToken) =>
        await db.FormerAddresses.AsNoTracking().Where(row => row.UserId == user.Id && row.ChangedAt > moment)
            .OrderBy(row => row.ChangedAt).Select(row => row.Email).FirstOrDefaultAsync(cancellationToken) ?? user.Email;

    /// <summary>Until when an address of the account can be had back; null when none can.</summary>
    public async Task<DateTimeOffset?> RestorableUntilAsync(Guid userId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var latest = await db.FormerAddresses.AsNoTracking().Where(row => row.UserId == userId && row.ExpiresAt > now)
            .OrderByDescending(row => row.ExpiresAt).FirstOrDefaultAsync(cancellationToken);
        return latest?.ExpiresAt;
    }

    /// <summary>Gives an account another address for good: no former one can have it back.</summary>
    /// <returns>
    /// The address that it had; null when the account is gone, another has the address or may have it back, or one of the two is a test user's.
    /// </returns>
    public async Task<string?> RebindAsync(Guid userId, EmailAddress address, CancellationToken cancellationToken)
    {
        if (await SetAsync(userId, address, cancellationToken) is not var (former, _))
        {
            return null;
        }

        await db.FormerAddresses.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        audit.Add(AuditEvents.AddressRebound, new(UserId: userId));
        await db.SaveChangesAsync(cancellationToken);
        return former;
    }

    private async Task<(string Email, string Normalized)?> SetAsync(Guid userId, EmailAddress address, CancellationToken cancellationToken)
    {
        if (TestAddress.IsReserved(address))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var present = await db.Users.AsNoTracking().Where(row => row.Id == userId && row.TestOfClientId == null)
            .Select(row => new { row.Email, row.NormalizedEmail }).SingleOrDefaultAsync(cancellationToken);
        if (present is null || await HolderAsync(address, userId, cancellationToken) is { } holder && holder.UserId != userId)
        {
            return null;
        }

        var changed = await db.Users.Where(row => row.Id == userId && row.NormalizedEmail == present.NormalizedEmail && row.TestOfClientId == null).ExecuteUpdateAsync(
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

/// <summary>The account that has an address, or may have it back.</summary>
/// <param name="UserId">The account.</param>
/// <param name="Email">The address, as it was registered.</param>
/// <param name="Until">Until when it may have it back; null when it has it.</param>
internal sealed record AddressHolder(Guid UserId, string Email, DateTimeOffset? Until);

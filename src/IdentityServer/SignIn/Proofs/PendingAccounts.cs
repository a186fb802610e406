using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.SignIn.Proofs;

/// <summary>Accounts that were asked for and whose address is not proven yet. Each belongs to one challenge.</summary>
internal sealed class PendingAccounts(IdentityServerDbContext db)
{
    /// <summary>What was asked for with a challenge.</summary>
    public Task<PendingAccount?> FindAsync(Guid challengeId, CancellationToken cancellationToken) =>
        db.PendingAccounts.AsNoTracking().SingleOrDefaultAsync(account => account.ChallengeId == challengeId, cancellationToken);

    /// <summary>Keeps it. Joins the open unit of work.</summary>
    public async Task AddAsync(PendingAccount account, CancellationToken cancellationToken)
    {
        db.PendingAccounts.Add(account);
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Takes it away: it has become an account. Joins the open unit of work.</summary>
    public Task RemoveAsync(Guid challengeId, CancellationToken cancellationToken) =>
        db.PendingAccounts.Where(account => account.ChallengeId == challengeId).ExecuteDeleteAsync(cancellationToken);
}

using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Users;

/// <summary>Changes accounts: password, guess budget, claims. Each joins the unit of work that is open, or is one of its own.</summary>
internal sealed class AccountChanges(
    IdentityServerDbContext db, UnitOfWork unit, GuessBudgetOperations budgets, AuditTrail audit, TimeProvider time)
{
    /// <summary>
    /// Replaces a hash by one of the same password. Open challenges stay valid: nothing that they are bound to has changed. Only while
    /// the old hash still stands, so that a password changed meanwhile is not changed back.
    /// </summary>
    /// <returns>False when the old hash no longer stands.</returns>
    public Task<bool> UpdatePasswordHashAsync(Guid userId, string oldHash, string newHash, CancellationToken cancellationToken) =>
        WriteAsync(
            async () => await db.Users
                .Where(user => user.Id == userId && user.PasswordHash == oldHash)
                .ExecuteUpdateAsync(set => set.SetProperty(user => user.PasswordHash, newHash), cancellationToken) == 1,
            cancellationToken);

    /// <summary>
    /// A new password: open challenges become void, pending changes of the address with them, and the guess budget starts anew, since what
    /// was guessed so far was guessed behind the old password.
    /// </summary>
    /// <param name="userId">Whose.</param>
    /// <param name="newHash">What <see cref="IPasswordHasher"/> made of it.</param>
    /// <param name="standing">The hash that must still stand, where the change builds on the old password; null for whatever stands.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when there is no such account, or another password by now.</returns>
    public Task<bool> ChangePasswordAsync(Guid userId, string newHash, string? standing, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                await budgets.HoldAsync(userId, cancellationToken);
                var now = time.GetUtcNow();
                var changed = await db.Users
                    .Where(user => user.Id == userId && (standing == null || user.PasswordHash == standing))
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(user => user.PasswordHash, newHash)
                            .SetProperty(user => user.CredentialVersion, user => user.CredentialVersion + 1)
                            .SetProperty(user => user.UpdatedAt, now),
                        cancellationToken) == 1;
                if (changed)
                {
                    await db.PendingAddresses.Where(pending => pending.UserId == userId).ExecuteDeleteAsync(cancellationToken);
                    await budgets.ResetAsync(userId, cancellationToken);
                    audit.Add(AuditEvents.PasswordChanged, new(UserId: userId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return changed;
            },
            cancellationToken);

    /// <summary>Lets an account whose guess budget is used up sign in again. For an operator who has made sure of the person.</summary>
    /// <returns>False when there is no such account.</returns>
    public Task<bool> ResetGuessBudgetAsync(Guid userId, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                var reset = await budgets.ResetAsync(userId, cancellationToken);
                if (reset)
                {
                    audit.Add(AuditEvents.GuessBudgetReset, new(UserId: userId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return reset;
            },
            cancellationToken);

    /// <summary>Makes a person an administrator, or no longer one. An account that a client made to test itself with decides for nobody.</summary>
    /// <returns>False when it was so before, or there is no such person.</returns>
    public Task<bool> SetAdministratorAsync(Guid userId, bool administrator, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                var now = time.GetUtcNow();
                var changed = await db.Users
                    .Where(user => user.Id == userId && user.TestOfClientId == null && user.Administrator != administrator)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(user => user.Administrator, administrator).SetProperty(user => user.UpdatedAt, now), cancellationToken) == 1;
                if (changed)
                {
                    audit.Add(administrator ? AuditEvents.AdministratorAppointed : AuditEvents.AdministratorDismissed, new(UserId: userId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return changed;
            },
            cancellationToken);

    /// <summary>Sets what clients may be told of a person.</summary>
    /// <returns>False when there is no such account.</returns>
    public Task<bool> ChangeClaimsAsync(Guid userId, StandardClaims claims, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                var (now, json) = (time.GetUtcNow(), claims.ToJson());
                var changed = await db.Users.Where(user => user.Id == userId).ExecuteUpdateAsync(
                    set => set.SetProperty(user => user.Claims, json).SetProperty(user => user.UpdatedAt, now), cancellationToken) == 1;
                if (changed)
                {
                    audit.Add(AuditEvents.ProfileChanged, new(UserId: userId));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return changed;
            },
            cancellationToken);

    /// <summary>
    /// Deletes an account and all that is kept of it but the security events, which name it by its random identifier only. Its sessions
    /// must have been ended before, in the same unit of work.
    /// </summary>
    /// <returns>False when there is no such account.</returns>
    public async Task<bool> DeleteAsync(Guid userId, CancellationToken cancellationToken)
    {
        await budgets.HoldAsync(userId, cancellationToken);
        await db.ConsentQuestions.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await db.OtpChallenges.Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);

        // What is still to be told to an address of its own goes out, and so do notices to clients; the rest goes, with the addresses in it.
        await db.OutboxMessages
            .Where(row => row.UserId == userId
                && (row.ChallengeId != null || row.DueAt == null || (row.ClientRowId == null && !row.Payload.Contains("\"Recipient\":\""))))
            .ExecuteDeleteAsync(cancellationToken);

        // Budget, sessions, consents and addresses go with the row.
        var deleted = await db.Users.Where(row => row.Id == userId).ExecuteDeleteAsync(cancellationToken) == 1;
        audit.Add(AuditEvents.UserDeleted, new(UserId: userId));
        await db.SaveChangesAsync(cancellationToken);
        return deleted;
    }

    // Joins the unit of work that is open, or is one of its own.
    private Task<bool> WriteAsync(Func<Task<bool>> work, CancellationToken cancellationToken) =>
        unit.IsOpen ? work() : unit.InOwnTransactionAsync(work, cancellationToken);
}

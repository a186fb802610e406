using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Users;

/// <summary>Accounts: finds them, makes them, changes their password.</summary>
internal sealed class UserDirectory(
    IdentityServerDbContext db, UnitOfWork unit, CeremonyReads reads, GuessBudgetOperations budgets, AuditTrail audit, TimeProvider time)
{
    /// <summary>The account with an address. Takes whatever was typed; what is no address finds nobody, after the same work.</summary>
    public Task<User?> FindByEmailAsync(string email, CancellationToken cancellationToken) =>
        reads.UserAsync(EmailAddress.Normalize(email), cancellationToken);

    /// <summary>The account with an identifier.</summary>
    public Task<User?> FindAsync(Guid id, CancellationToken cancellationToken) => reads.UserAsync(id, cancellationToken);

    /// <summary>Which of these addresses have accounts, by normalised address.</summary>
    public async Task<IReadOnlyDictionary<string, User>> FindManyByEmailAsync(
        IReadOnlyCollection<EmailAddress> addresses, CancellationToken cancellationToken)
    {
        var normalized = addresses.Select(address => address.Normalized).ToArray();
        return await db.Users.AsNoTracking()
            .Where(user => normalized.Contains(user.NormalizedEmail))
            .ToDictionaryAsync(user => user.NormalizedEmail, StringComparer.Ordinal, cancellationToken);
    }

    /// <summary>
    /// Makes an account, with its guess budget in the same write: an account without one could be guessed at for free. Not within a unit
    /// of work that is open, which a taken address would void.
    /// </summary>
    public async Task<UserCreation> CreateAsync(NewUser newUser, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(newUser);
        if (await reads.UserAsync(newUser.Address.Normalized, cancellationToken) is not null)
        {
            return new UserCreation.AddressTaken();
        }

        var user = Add(newUser);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return new UserCreation.Created(user);
        }
        catch (DbUpdateException)
        {
            Forget();

            // Who is first is for the unique index to say. Asking again tells its refusal from any other fault, on every database.
            if (await reads.UserAsync(newUser.Address.Normalized, cancellationToken) is not null)
            {
                return new UserCreation.AddressTaken();
            }

            throw;
        }
    }

    /// <summary>
    /// Makes an account within the unit of work that is open, for whoever has proven the address in it. An address that is taken at the
    /// same moment voids the unit.
    /// </summary>
    /// <exception cref="DbUpdateException">It was taken meanwhile, or the database failed.</exception>
    public async Task<UserCreation> CreateWithinAsync(NewUser newUser, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(newUser);
        if (await reads.UserAsync(newUser.Address.Normalized, cancellationToken) is not null)
        {
            return new UserCreation.AddressTaken();
        }

        var user = Add(newUser);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return new UserCreation.Created(user);
        }
        finally
        {
            Forget();
        }
    }

    /// <summary>Makes many accounts in one write: all of them or, when an address was taken meanwhile, none.</summary>
    /// <exception cref="DbUpdateException">An address is taken.</exception>
    public async Task CreateManyAsync(IEnumerable<NewUser> newUsers, CancellationToken cancellationToken)
    {
        foreach (var newUser in newUsers)
        {
            Add(newUser);
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        finally
        {
            Forget();
        }
    }

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
    /// A new password: open challenges become void and the guess budget starts anew, since what was guessed so far was guessed behind
    /// the old password.
    /// </summary>
    /// <returns>False when there is no such account.</returns>
    public Task<bool> ChangePasswordAsync(Guid userId, string newHash, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                var now = time.GetUtcNow();
                var changed = await db.Users
                    .Where(user => user.Id == userId)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(user => user.PasswordHash, newHash)
                            .SetProperty(user => user.CredentialVersion, user => user.CredentialVersion + 1)
                            .SetProperty(user => user.UpdatedAt, now),
                        cancellationToken) == 1;
                if (changed)
                {
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

    // Joins the unit of work that is open, or is one of its own.
    private Task<bool> WriteAsync(Func<Task<bool>> work, CancellationToken cancellationToken) =>
        unit.IsOpen ? work() : unit.InOwnTransactionAsync(work, cancellationToken);

    private User Add(NewUser newUser)
    {
        var now = time.GetUtcNow();

        // Random, not by time: clients see it as the subject, and it is none of their business when the account was made.
        var user = new User
        {
            Id = Guid.NewGuid(),
            Email = newUser.Address.Value,
            NormalizedEmail = newUser.Address.Normalized,
            EmailVerified = newUser.EmailVerified,
            PasswordHash = newUser.PasswordHash,
            Claims = newUser.Claims.ToJson(),
            CreatedAt = now,
            UpdatedAt = now,
        };
        db.Users.Add(user);
        db.AccountGuessBudgets.Add(new AccountGuessBudget { UserId = user.Id });
        audit.Add(AuditEvents.UserCreated, new(UserId: user.Id));
        return user;
    }

    // What could not be saved must not be saved with the next change; what was saved is no longer needed.
    private void Forget() => db.ChangeTracker.Clear();
}

using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Users;

/// <summary>Accounts: finds them and makes them. <see cref="AccountChanges"/> and <see cref="AddressChanges"/> change them.</summary>
internal sealed class UserDirectory(IdentityServerDbContext db, CeremonyReads reads, AuditTrail audit, TimeProvider time)
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
        if (await BarAsync(newUser.Address, cancellationToken) is { } barred)
        {
            return barred;
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
    /// Makes an account within the unit of work that is open, for whoever has proven the address in it. An address that another account
    /// may have back counts as taken: whoever took that account must not bar its owner's way. One that is taken at the same moment voids
    /// the unit.
    /// </summary>
    /// <exception cref="DbUpdateException">It was taken meanwhile, or the database failed.</exception>
    public async Task<UserCreation> CreateWithinAsync(NewUser newUser, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(newUser);
        if (await BarAsync(newUser.Address, cancellationToken) is { } barred)
        {
            return barred;
        }

        return new UserCreation.Created(await SaveAsync(Add(newUser), cancellationToken));
    }

    /// <summary>
    /// Makes a test user of a client within the unit of work that is open: the one way to an address under <see cref="TestAddress.Domain"/>.
    /// Its address counts as proven, because it is ours.
    /// </summary>
    /// <exception cref="DbUpdateException">The client is gone, or the database failed.</exception>
    public Task<User> CreateTestUserWithinAsync(NewTestUser newUser, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(newUser);
        var user = Row(new(newUser.Address.Address, newUser.PasswordHash, EmailVerified: true, newUser.Claims), newUser.ClientRowId);
        audit.Add(AuditEvents.TestUserCreated, new(UserId: user.Id, ClientId: newUser.ClientId));
        return SaveAsync(user, cancellationToken);
    }

    /// <summary>Makes many accounts in one write: all of them or, when an address was taken meanwhile, none.</summary>
    /// <exception cref="DbUpdateException">An address is taken.</exception>
    /// <exception cref="ArgumentException">An address is reserved for test users, which the caller was to find first.</exception>
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

    /// <summary>Those of the addresses that an account may have back: nobody else gets them until then.</summary>
    public async Task<IReadOnlySet<string>> FindReservedAsync(IReadOnlyCollection<EmailAddress> addresses, CancellationToken cancellationToken)
    {
        var (now, normalized) = (time.GetUtcNow(), addresses.Select(address => address.Normalized).ToArray());
        return (await db.FormerAddresses.AsNoTracking()
            .Where(row => normalized.Contains(row.NormalizedEmail) && row.ExpiresAt > now)
            .Select(row => row.NormalizedEmail).ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
    }

    private async Task<UserCreation?> BarAsync(EmailAddress address, CancellationToken cancellationToken) =>
        TestAddress.IsReserved(address) ? new UserCreation.AddressReserved()
        : await reads.UserAsync(address.Normalized, cancellationToken) is not null || (await FindReservedAsync([address], cancellationToken)).Count > 0
            ? new UserCreation.AddressTaken()
            : null;

    private async Task<User> SaveAsync(User user, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return user;
        }
        finally
        {
            Forget();
        }
    }

    private User Add(NewUser newUser)
    {
        var user = Row(newUser, testOfClientId: null);
        audit.Add(AuditEvents.UserCreated, new(UserId: user.Id));
        return user;
    }

    private User Row(NewUser newUser, string? testOfClientId)
    {
        // Every account comes through here: a person's never gets an address whose mail a client's owners read.
        if (TestAddress.IsReserved(newUser.Address) == testOfClientId is null)
        {
            throw new ArgumentException("The domain of test users is for test users, and for them alone.", nameof(newUser));
        }

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
            TestOfClientId = testOfClientId,
            CreatedAt = now,
            UpdatedAt = now,
        };
        db.Users.Add(user);
        db.AccountGuessBudgets.Add(new AccountGuessBudget { UserId = user.Id });
        return user;
    }

    // What could not be saved must not be saved with the next change; what was saved is no longer needed.
    private void Forget() => db.ChangeTracker.Clear();
}

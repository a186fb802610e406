using System.Security.Cryptography;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.TestUsers;

/// <summary>
/// The test users of a client: accounts like any other, with the same two steps, limits and tokens, but that they sign in to their client
/// only and that <see cref="TestMailbox"/> is where their mail ends. Whoever calls has made sure that the one who asks owns the client.
/// </summary>
internal sealed class TestUserDirectory(
    IdentityServerDbContext db, UnitOfWork unit, IPasswordHasher hasher, TestUserParts parts, AuditTrail audit)
{
    // Some 140 bits, and nothing that a shell or a URL would take for something else.
    private const string PasswordAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    private const int PasswordLength = 24;

    /// <summary>The test users of a client, the youngest first.</summary>
    public async Task<IReadOnlyList<TestUser>> ListAsync(string clientRowId, CancellationToken cancellationToken) =>
        (await Of(clientRowId).OrderByDescending(user => user.CreatedAt).ThenBy(user => user.NormalizedEmail).ToListAsync(cancellationToken))
            .ConvertAll(Show);

    /// <summary>A test user of a client; null when the client has none of that identifier, whoever else may have.</summary>
    public async Task<TestUser?> FindAsync(string clientRowId, Guid userId, CancellationToken cancellationToken) =>
        await Of(clientRowId).SingleOrDefaultAsync(user => user.Id == userId, cancellationToken) is { } user ? Show(user) : null;

    /// <summary>Makes a test user.</summary>
    public async Task<TestUserMade> CreateAsync(ClientSettings client, TestUserWish wish, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(wish);
        if (!TestAddress.TryCreate(wish.Name, RandomNumberGenerator.GetBytes(TestAddress.RandomBytes), out var address))
        {
            return new TestUserMade.NameRefused();
        }

        if (wish.Password is { } given && PasswordRules.Check(given) is var check and not PasswordCheck.Fine)
        {
            return new TestUserMade.PasswordRefused(check);
        }

        // Before the work of a hash is spent; it is asked again when it counts.
        if (await IsFullAsync(client.Id, cancellationToken))
        {
            return new TestUserMade.TooMany();
        }

        var password = wish.Password ?? RandomNumberGenerator.GetString(PasswordAlphabet, PasswordLength);
        if (await hasher.TryHashAsync(password, cancellationToken) is not { } hash)
        {
            return new TestUserMade.Busy();
        }

        var wanted = new NewTestUser(address, client.Id, client.ClientId, hash, wish.Claims);
        return await unit.InOwnTransactionAsync(() => StoreAsync(wanted, new(password), cancellationToken), cancellationToken);
    }

    /// <summary>Deletes a test user with all that is kept of it; its sessions end first, and with them its tokens.</summary>
    /// <returns>False when the client has no such test user.</returns>
    public Task<bool> DeleteAsync(ClientSettings client, Guid userId, CancellationToken cancellationToken) => unit.InOwnTransactionAsync(
        async () =>
        {
            if (!await Of(client.Id).AnyAsync(user => user.Id == userId, cancellationToken))
            {
                return false;
            }

            await parts.Sessions.EndAllAsync(userId, spared: null, cancellationToken);
            if (!await parts.Accounts.DeleteAsync(userId, cancellationToken))
            {
                await unit.RollbackAsync(cancellationToken); // somebody else was faster, and has told of it
                return false;
            }

            audit.Add(AuditEvents.TestUserDeleted, new(UserId: userId, ClientId: client.ClientId));
            await db.SaveChangesAsync(cancellationToken);
            return true;
        },
        cancellationToken);

    private async Task<TestUserMade> StoreAsync(NewTestUser wanted, TestPassword password, CancellationToken cancellationToken)
    {
        // The client's row is held: of two who make the last two at once, one is told that there are too many.
        await parts.Clients.HoldClientAsync(wanted.ClientRowId, cancellationToken);
        if (!await db.Clients.AnyAsync(client => client.Id == wanted.ClientRowId, cancellationToken))
        {
            return new TestUserMade.ClientGone();
        }

        return await IsFullAsync(wanted.ClientRowId, cancellationToken)
            ? new TestUserMade.TooMany()
            : new TestUserMade.Done(Show(await parts.Users.CreateTestUserWithinAsync(wanted, cancellationToken)), password);
    }

    private async Task<bool> IsFullAsync(string clientRowId, CancellationToken cancellationToken) =>
        await Of(clientRowId).CountAsync(cancellationToken) >= TestUserPolicy.MostPerClient;

    private IQueryable<User> Of(string clientRowId) => db.Users.AsNoTracking().Where(user => user.TestOfClientId == clientRowId);

    private static TestUser Show(User user) => new(user.Id, user.Email, StandardClaims.FromJson(user.Claims), user.CreatedAt);
}

/// <summary>What making and deleting test users touches beside them.</summary>
internal sealed record TestUserParts(UserDirectory Users, AccountChanges Accounts, SessionEnder Sessions, RegistrationOperations Clients);

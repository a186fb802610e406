using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>What an initial access token is to be good for.</summary>
/// <param name="Label">Whom it is for, in the operator's words.</param>
/// <param name="Lifetime">How long it can be used.</param>
/// <param name="Uses">How many clients can be registered with it.</param>
/// <param name="Policy">What these may ask for.</param>
internal sealed record RegistrationTokenWish(string Label, TimeSpan Lifetime, int Uses, RegistrationPolicy Policy);

/// <summary>
/// Initial access tokens (RFC 7591 §3): without one nobody registers a client. The operator makes them, each for a number of clients and
/// a while; they are shown once.
/// </summary>
internal sealed class RegistrationTokens(
    IdentityServerDbContext db, RegistrationOperations operations, UnitOfWork unit, AuditTrail audit, TimeProvider clock)
{
    /// <summary>The longest that one can be used.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(365);

    /// <summary>The most clients that one can register.</summary>
    public const int MostUses = 10_000;

    /// <summary>The longest label, in characters.</summary>
    public const int LongestLabel = 100;

    /// <summary>Makes one.</summary>
    /// <returns>Its row, and the token itself, which nobody can read later.</returns>
    public async Task<(RegistrationToken Row, RegistrationSecret Secret)> CreateAsync(RegistrationTokenWish wish, CancellationToken cancellationToken)
    {
        var secret = RegistrationSecret.FromRandom(RandomNumberGenerator.GetBytes(RegistrationSecret.RandomBytes));
        var now = clock.GetUtcNow();
        var row = new RegistrationToken
        {
            Id = "rt-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(9)),
            Hash = secret.Hash(),
            Label = wish.Label,
            CreatedAt = now,
            ExpiresAt = now + wish.Lifetime,
            UsesLeft = wish.Uses,
            Scopes = string.Join(' ', wish.Policy.Scopes),
            Pkce = wish.Policy.Pkce,
        };
        db.RegistrationTokens.Add(row);
        audit.Add(AuditEvents.RegistrationTokenCreated, new(), About(row.Id));
        await db.SaveChangesAsync(cancellationToken);
        return (row, secret);
    }

    /// <summary>All of them, the newest first.</summary>
    public async Task<IReadOnlyList<RegistrationToken>> ListAsync(CancellationToken cancellationToken) =>
        await db.RegistrationTokens.AsNoTracking().OrderByDescending(token => token.CreatedAt).ThenBy(token => token.Id).ToListAsync(cancellationToken);

    /// <summary>Ends one. The clients that were registered with it stay.</summary>
    /// <returns>False when there is none of this name, or it was revoked before.</returns>
    public Task<bool> RevokeAsync(string id, CancellationToken cancellationToken) => unit.InOwnTransactionAsync(
        async () =>
        {
            var revoked = await operations.TryRevokeAsync(id, clock.GetUtcNow(), cancellationToken);
            if (revoked)
            {
                audit.Add(AuditEvents.RegistrationTokenRevoked, new(), About(id));
                await db.SaveChangesAsync(cancellationToken);
            }

            return revoked;
        },
        cancellationToken);

    /// <summary>The one that a secret is, if a client can be registered with it now.</summary>
    public async Task<RegistrationToken?> FindUsableAsync(RegistrationSecret presented, CancellationToken cancellationToken)
    {
        var hash = presented.Hash();
        var token = await db.RegistrationTokens.AsNoTracking().SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken);
        return token is not null && IsUsable(token) ? token : null;
    }

    /// <summary>Whether a client can be registered with it now.</summary>
    public bool IsUsable(RegistrationToken token) => token is { RevokedAt: null, UsesLeft: > 0 } && token.ExpiresAt > clock.GetUtcNow();

    /// <summary>What the clients of a token may ask for.</summary>
    public static RegistrationPolicy PolicyOf(RegistrationToken token) =>
        new(token.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries), token.Pkce);

    /// <summary>The details of an event that is about a token. Its name opens nothing.</summary>
    public static Dictionary<string, string> About(string id) => new() { ["registration_token"] = id };
}

using IdentityServer.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace IdentityServer.Grants;

/// <summary>What there is of a client, in numbers: what would go with it.</summary>
/// <param name="People">Who has let it see something of them.</param>
/// <param name="RefreshTokens">Refresh tokens that work.</param>
/// <param name="Secrets">Secrets that are taken.</param>
/// <param name="TestUsers">Its test users.</param>
/// <param name="Owners">Its owners.</param>
internal sealed record FootprintCounts(int People, int RefreshTokens, int Secrets, int TestUsers, int Owners);

/// <summary>Counts what there is of a client, for those who think of deleting it.</summary>
internal sealed class ClientFootprint(IdentityServerDbContext db, TimeProvider clock)
{
    public async Task<FootprintCounts> CountAsync(ClientSettings client, CancellationToken cancellationToken)
    {
        var (now, utc) = (clock.GetUtcNow(), clock.GetUtcNow().UtcDateTime);
        return new(
            await db.ConsentGrants.CountAsync(grant => grant.ClientId == client.ClientId, cancellationToken),
            await db.Tokens.CountAsync(
                token => token.ApplicationId == client.Id && token.Type == OpenIddictConstants.TokenTypeIdentifiers.RefreshToken
                    && token.Status == OpenIddictConstants.Statuses.Valid && token.ExpirationDate > utc,
                cancellationToken),
            await db.ClientSecrets.CountAsync(
                secret => secret.ClientRowId == client.Id && secret.RetiredAt == null && (secret.ExpiresAt == null || secret.ExpiresAt > now), cancellationToken),
            await db.Users.CountAsync(user => user.TestOfClientId == client.Id, cancellationToken),
            await db.ClientOwners.CountAsync(owner => owner.ClientRowId == client.Id, cancellationToken));
    }
}

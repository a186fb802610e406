using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>Lets the holder of an initial access token register a client (RFC 7591).</summary>
internal sealed class SelfRegistration(
    ClientRegistry registry, ClientDocuments documents, UnitOfWork unit, IdentityServerDbContext db, SelfRegistrationParts parts)
{
    /// <summary>
    /// Registers a client. The use of the token, the client and what it manages itself by are stored together or not at all: a wish that
    /// is refused spends nothing.
    /// </summary>
    public async Task<SelfOutcome> RegisterAsync(RegistrationToken token, JsonElement wish, CancellationToken cancellationToken)
    {
        var verdict = RegistrationRequest.Judge(wish, RegistrationTokens.PolicyOf(token));
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new SelfOutcome.Refused(refused.Problems);
        }

        // Before anything is locked: the other side may be slow.
        var metadata = ((ClientMetadataVerdict.Accepted)verdict).Metadata;
        return await documents.ProblemOfAsync(metadata, cancellationToken) is { } problem
            ? new SelfOutcome.Refused([problem])
            : await unit.InOwnTransactionAsync(() => StoreAsync(token.Id, metadata, cancellationToken), cancellationToken);
    }

    private async Task<SelfOutcome> StoreAsync(string tokenId, ClientMetadata metadata, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        if (!await parts.Operations.TrySpendAsync(tokenId, now, cancellationToken))
        {
            return new SelfOutcome.Gone();
        }

        if (await registry.RegisterAsync(metadata, cancellationToken) is not RegisterOutcome.Registered registered)
        {
            throw new UnreachableException("The metadata was judged, and nobody else has a random client_id.");
        }

        var access = RegistrationSecret.FromRandom(RandomNumberGenerator.GetBytes(RegistrationSecret.RandomBytes));
        var clientId = registered.Client.ClientId;
        db.ClientRegistrations.Add(new()
        {
            ClientRowId = (await db.Clients.Where(client => client.ClientId == clientId).Select(client => client.Id).SingleAsync(cancellationToken))!,
            Hash = access.Hash(),
            CreatedAt = now,
            RegistrationTokenId = tokenId,
        });
        parts.Audit.Add(AuditEvents.RegistrationTokenUsed, new(ClientId: clientId), RegistrationTokens.About(tokenId));
        await db.SaveChangesAsync(cancellationToken);
        return new SelfOutcome.Stored(registered.Client, registered.GeneratedSecret, access, now);
    }
}

/// <summary>What registering writes beside the client.</summary>
internal sealed record SelfRegistrationParts(RegistrationOperations Operations, AuditTrail Audit, TimeProvider Clock);

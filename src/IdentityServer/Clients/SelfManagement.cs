using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>
/// Lets a client that registered itself read, change and delete its registration (RFC 7592). Its registration access token stays the same
/// for as long as the client is registered: were it changed with each answer, one answer that is lost on the way would lock the client
/// out for good (RFC 7592 §5 leaves it to us, and wants it to last).
/// </summary>
internal sealed class SelfManagement(
    ClientRegistry registry, ClientDocuments documents, ClientRetirement retirement, UnitOfWork unit, SelfManagementParts parts)
{
    /// <summary>The registration that a token manages. A token is good for its own client only.</summary>
    /// <returns>Null for a token that is none, for another client's, and for a client that is gone: nobody is told which.</returns>
    public async Task<OwnRegistration?> FindAsync(RegistrationSecret presented, string clientId, CancellationToken cancellationToken)
    {
        var hash = presented.Hash();
        var found = await (
            from registration in parts.Db.ClientRegistrations.AsNoTracking()
            join client in parts.Db.Clients.AsNoTracking() on registration.ClientRowId equals client.Id
            join token in parts.Db.RegistrationTokens.AsNoTracking() on registration.RegistrationTokenId equals token.Id
            where registration.Hash == hash
            select new { client.Id, client.ClientId, registration.CreatedAt, Token = token }).SingleOrDefaultAsync(cancellationToken);
        return found is not null && string.Equals(found.ClientId, clientId, StringComparison.Ordinal)
            ? new(found.Id!, found.ClientId!, found.CreatedAt, RegistrationTokens.PolicyOf(found.Token))
            : null;
    }

    /// <summary>What is registered.</summary>
    public async Task<SelfOutcome> ReadAsync(OwnRegistration own, RegistrationSecret access, CancellationToken cancellationToken) =>
        await registry.ReadAsync(own.ClientId, cancellationToken) is { } client
            ? new SelfOutcome.Stored(client, null, access, own.IssuedAt)
            : new SelfOutcome.Gone();

    /// <summary>Puts a client's wish in place of what is registered.</summary>
    public async Task<SelfOutcome> ChangeAsync(OwnRegistration own, RegistrationSecret access, JsonElement wish, CancellationToken cancellationToken)
    {
        if (await registry.ReadAsync(own.ClientId, cancellationToken) is not { } registered)
        {
            return new SelfOutcome.Gone();
        }

        var verdict = RegistrationRequest.JudgeChange(wish, own.Policy, registered);
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new SelfOutcome.Refused(refused.Problems);
        }

        // Before anything is locked: the other side may be slow.
        if (await documents.ProblemOfAsync(((ClientMetadataVerdict.Accepted)verdict).Metadata, cancellationToken) is { } problem)
        {
            return new SelfOutcome.Refused([problem]);
        }

        var outcome = await unit.InOwnTransactionAsync(() => StoreAsync(own, access, wish, cancellationToken), cancellationToken);
        parts.Cache.Forget(new Client { Id = own.RowId, ClientId = own.ClientId }); // again: somebody may have read before the commit
        return outcome;
    }

    /// <summary>Ends the client (RFC 7592 §2.3).</summary>
    /// <returns>False when it was gone.</returns>
    public Task<bool> DeleteAsync(OwnRegistration own, CancellationToken cancellationToken) =>
        retirement.RetireAsync(own.RowId, own.ClientId, cancellationToken);

    // Judged again with the row held: what the operator has said of the client meanwhile counts.
    private async Task<SelfOutcome> StoreAsync(OwnRegistration own, RegistrationSecret access, JsonElement wish, CancellationToken cancellationToken)
    {
        await parts.Operations.HoldClientAsync(own.RowId, cancellationToken);
        if (await registry.ReadAsync(own.ClientId, cancellationToken) is not { } registered)
        {
            return new SelfOutcome.Gone();
        }

        var verdict = RegistrationRequest.JudgeChange(wish, own.Policy, registered);
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new SelfOutcome.Refused(refused.Problems);
        }

        // RFC 7592 §2.2: the current secret may be repeated, never chosen.
        var client = ((ClientMetadataVerdict.Accepted)verdict).Metadata;
        if (client.ClientSecret is not null && (await registry.CompareAsync(client, cancellationToken))?.Contains("client_secret") != false)
        {
            return new SelfOutcome.Refused([new("client_secret", "is not the current one", "Leave it out: it stays as it is, and nobody can choose it.")]);
        }

        return await registry.UpdateAsync(client with { ClientSecret = null }, cancellationToken) switch
        {
            UpdateOutcome.Updated updated => new SelfOutcome.Stored(updated.Client, updated.GeneratedSecret, access, own.IssuedAt),
            UpdateOutcome.Unchanged => new SelfOutcome.Stored(registered, null, access, own.IssuedAt),
            UpdateOutcome.Refused broken => new SelfOutcome.Refused(broken.Problems),
            UpdateOutcome.Unknown => new SelfOutcome.Gone(),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {other}."),
        };
    }
}

/// <summary>What managing a registration reads and holds.</summary>
internal sealed record SelfManagementParts(IdentityServerDbContext Db, RegistrationOperations Operations, ClientCache Cache);

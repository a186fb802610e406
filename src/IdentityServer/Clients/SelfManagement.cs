using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>
/// Lets a client that registered itself read, change and delete its registration (RFC 7592). Its registration access token stays the same
/// for as long as the client is registered: were it changed with each answer, one answer that is lost on the way would lock the client
/// out for good (RFC 7592 §5 leaves it to us, and wants it to last).
/// </summary>
internal sealed class SelfManagement(ClientRegistry registry, ClientEditor editor, ClientRetirement retirement, IdentityServerDbContext db)
{
    /// <summary>The registration that a token manages. A token is good for its own client only.</summary>
    /// <returns>Null for a token that is none, for another client's, and for a client that is gone: nobody is told which.</returns>
    public async Task<OwnRegistration?> FindAsync(RegistrationSecret presented, string clientId, CancellationToken cancellationToken)
    {
        var hash = presented.Hash();
        var found = await (
            from registration in db.ClientRegistrations.AsNoTracking()
            join client in db.Clients.AsNoTracking() on registration.ClientRowId equals client.Id
            join token in db.RegistrationTokens.AsNoTracking() on registration.RegistrationTokenId equals token.Id
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
    public async Task<SelfOutcome> ChangeAsync(OwnRegistration own, RegistrationSecret access, JsonElement wish, CancellationToken cancellationToken) =>
        await editor.EditAsync(new(own.RowId, own.ClientId, own.Policy), wish, cancellationToken) switch
        {
            EditOutcome.Stored stored => new SelfOutcome.Stored(stored.Client, stored.GeneratedSecret, access, own.IssuedAt),
            EditOutcome.Refused refused => new SelfOutcome.Refused(refused.Problems),
            EditOutcome.Gone => new SelfOutcome.Gone(),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {other}."),
        };

    /// <summary>Ends the client (RFC 7592 §2.3).</summary>
    /// <returns>False when it was gone.</returns>
    public Task<bool> DeleteAsync(OwnRegistration own, CancellationToken cancellationToken) =>
        retirement.RetireAsync(own.RowId, own.ClientId, cancellationToken);
}

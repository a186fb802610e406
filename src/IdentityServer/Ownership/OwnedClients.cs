using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>What became of a wish for a new client.</summary>
internal abstract record OwnedRegistration
{
    private OwnedRegistration()
    {
    }

    /// <param name="Client">What is stored.</param>
    /// <param name="GeneratedSecret">Its secret, readable only now; null for a client without one.</param>
    public sealed record Registered(ClientMetadata Client, ClientSecret? GeneratedSecret) : OwnedRegistration;

    /// <summary>The wish breaks rules; nothing was stored.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : OwnedRegistration;

    /// <summary>The person owns as many as they may.</summary>
    public sealed record QuotaReached(int Most) : OwnedRegistration;

    /// <summary>The operator lets this person register none.</summary>
    public sealed record NotAdmitted : OwnedRegistration;
}

/// <summary>
/// Registers, changes and deletes clients for the people who own them. The rules and messages are those of every other way in, and what
/// only the operator decides stays the operator's.
/// </summary>
internal sealed class OwnedClients(
    ClientRegistry registry, ClientEditor editor, ClientDocuments documents, UnitOfWork unit, OwnedClientsParts parts)
{
    // Elsewhere a name may be left out; where people have lists of clients, and are asked for consent, it may not.
    private static readonly MetadataProblem _nameless =
        new("client_name", "is missing", "Give the application the name that people know it by: they see it when they sign in.");

    /// <summary>Registers a client, whose first owner is the person.</summary>
    /// <param name="person">Who wants it.</param>
    /// <param name="wish">Its metadata, under the names of RFC 7591.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<OwnedRegistration> RegisterAsync(Actor.Person person, JsonElement wish, CancellationToken cancellationToken)
    {
        if (!parts.Options.Admits(person.User))
        {
            return new OwnedRegistration.NotAdmitted();
        }

        var verdict = RegistrationRequest.Judge(wish, parts.Options.Policy);
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new OwnedRegistration.Refused(refused.Problems);
        }

        // Before anything is locked: the other side may be slow.
        var metadata = ((ClientMetadataVerdict.Accepted)verdict).Metadata;
        if (string.IsNullOrWhiteSpace(metadata.ClientName))
        {
            return new OwnedRegistration.Refused([_nameless]);
        }

        return await documents.ProblemOfAsync(metadata, cancellationToken) is { } problem
            ? new OwnedRegistration.Refused([problem])
            : await unit.InOwnTransactionAsync(() => StoreAsync(person.User.Id, metadata, cancellationToken), cancellationToken);
    }

    /// <summary>Puts a wish in place of what is registered.</summary>
    /// <param name="client">Which client.</param>
    /// <param name="wish">The whole metadata, with its <c>client_id</c>; what it leaves out falls back to defaults.</param>
    /// <param name="version">What <see cref="OwnedClient.Version"/> must still be; null for whatever it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<EditOutcome> ChangeAsync(OwnedClient client, JsonElement wish, string? version, CancellationToken cancellationToken) =>
        !string.IsNullOrWhiteSpace(client.Metadata.ClientName) && IsNameless(wish)
            ? new EditOutcome.Refused([_nameless])
            : await editor.EditAsync(new(client.RowId, client.ClientId, PolicyFor(client), version), wish, cancellationToken);

    /// <summary>Changes some members and leaves the others as they are.</summary>
    /// <param name="client">Which client.</param>
    /// <param name="change">Gives what is to be registered, from what is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<EditOutcome> ChangeAsync(OwnedClient client, Func<ClientMetadata, ClientMetadata> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ChangeAsync(client, WithId(change(client.Metadata), client.ClientId), client.Version, cancellationToken);
    }

    /// <summary>What a wish would have registered in place of what is, by the rules alone; null where they refuse it.</summary>
    public ClientMetadata? Foresee(OwnedClient client, JsonElement wish)
    {
        var policy = PolicyFor(client) with { TrialCallback = parts.Installation.TrialCallback };
        return (RegistrationRequest.JudgeChange(wish, policy, client.Metadata) as ClientMetadataVerdict.Accepted)?.Metadata;
    }

    /// <summary>The same for a change of some members.</summary>
    public ClientMetadata? Foresee(OwnedClient client, Func<ClientMetadata, ClientMetadata> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Foresee(client, WithId(change(client.Metadata), client.ClientId));
    }

    /// <summary>Ends a client, with its tokens, its grants and all that is kept of it.</summary>
    /// <param name="client">Which.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="version">What <see cref="OwnedClient.Version"/> must still be; null for whatever it is.</param>
    /// <returns>False when it was gone, or is not of that version.</returns>
    public Task<bool> DeleteAsync(OwnedClient client, CancellationToken cancellationToken, string? version = null) =>
        parts.Retirement.RetireAsync(client.RowId, client.ClientId, cancellationToken, version);

    /// <summary>What the owners of a client may ask for: what everybody may, and what the operator gave this one besides.</summary>
    public RegistrationPolicy PolicyFor(ClientMetadata registered) =>
        parts.Options.Policy with { Scopes = [.. parts.Options.Policy.Scopes.Union(registered.Scopes, StringComparer.Ordinal)] };

    // A machine hands out no power over clients: it would give itself what its owners did not. And whoever owns a client of the operator's
    // own gives it none, since people are asked nothing there: it would take the clients of everybody who signs in.
    private RegistrationPolicy PolicyFor(OwnedClient client) => client.Actor is Actor.Machine || client.Metadata.FirstParty
        ? PolicyFor(client.Metadata) with
        {
            Scopes = [.. parts.Options.Policy.Scopes.Except(ManagementScopes.All, StringComparer.Ordinal).Union(client.Metadata.Scopes, StringComparer.Ordinal)],
        }
        : PolicyFor(client.Metadata);

    private static JsonElement WithId(ClientMetadata metadata, string clientId)
    {
        var members = metadata.ToJson().EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        members["client_id"] = JsonSerializer.SerializeToElement(clientId);
        return JsonSerializer.SerializeToElement(members);
    }

    // What is no text is refused as that.
    private static bool IsNameless(JsonElement wish) => wish.ValueKind == JsonValueKind.Object
        && (!wish.TryGetProperty("client_name", out var name) || name.ValueKind == JsonValueKind.Null
            || (name.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(name.GetString())));

    private async Task<OwnedRegistration> StoreAsync(Guid userId, ClientMetadata metadata, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        await parts.Operations.HoldUserAsync(userId, cancellationToken);
        if (await parts.Db.ClientOwners.CountAsync(owner => owner.UserId == userId, cancellationToken) >= parts.Options.ClientsPerPerson)
        {
            return new OwnedRegistration.QuotaReached(parts.Options.ClientsPerPerson);
        }

        if (await registry.RegisterAsync(metadata, cancellationToken) is not RegisterOutcome.Registered registered)
        {
            throw new UnreachableException("The metadata was judged, and nobody else has a random client_id.");
        }

        var clientId = registered.Client.ClientId;
        var rowId = (await parts.Db.Clients.Where(client => client.ClientId == clientId).Select(client => client.Id).SingleAsync(cancellationToken))!;
        await parts.Operations.AddAsync(rowId, userId, now, cancellationToken);
        parts.Db.ClientStandings.Add(new() { ClientRowId = rowId, RegisteredAt = now });
        parts.Audit.Add(AuditEvents.ClientOwnerAdded, new(UserId: userId, ClientId: clientId));
        await parts.Db.SaveChangesAsync(cancellationToken);
        return new OwnedRegistration.Registered(registered.Client, registered.GeneratedSecret);
    }
}

/// <summary>What owning clients touches beside their registration.</summary>
internal sealed record OwnedClientsParts(
    PortalOptions Options, OwnershipOperations Operations, ClientRetirement Retirement, IdentityServerDbContext Db, AuditTrail Audit, TimeProvider Clock,
    Installation Installation);

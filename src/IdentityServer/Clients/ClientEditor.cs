using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>What became of a wish to change a client under a policy.</summary>
internal abstract record EditOutcome
{
    private EditOutcome()
    {
    }

    /// <param name="Client">What is stored now.</param>
    /// <param name="GeneratedSecret">The secret that was made because it needs one now; readable only now.</param>
    public sealed record Stored(ClientMetadata Client, ClientSecret? GeneratedSecret) : EditOutcome;

    /// <summary>The wish breaks rules; nothing was changed.</summary>
    public sealed record Refused(IReadOnlyList<MetadataProblem> Problems) : EditOutcome;

    /// <summary>Somebody else has changed it since it was read; nothing was changed.</summary>
    public sealed record Changed : EditOutcome;

    /// <summary>The client is gone.</summary>
    public sealed record Gone : EditOutcome;
}

/// <summary>What is to be changed, and under which rules.</summary>
/// <param name="RowId">The client's row.</param>
/// <param name="ClientId">Its <c>client_id</c>.</param>
/// <param name="Policy">What whoever asks may have.</param>
/// <param name="Version">What the row's version must still be; null for whatever it is.</param>
internal sealed record EditTarget(string RowId, string ClientId, RegistrationPolicy Policy, string? Version = null);

/// <summary>
/// Changes a client for somebody who is not the operator. The wish is judged twice: before anything is held, because documents that it
/// names may be slow to come, and with the row held, because what the operator has said of the client meanwhile counts.
/// </summary>
internal sealed class ClientEditor(ClientRegistry registry, ClientDocuments documents, UnitOfWork unit, ClientEditorParts parts)
{
    /// <summary>Puts a wish in place of what is registered.</summary>
    /// <param name="target">Which client.</param>
    /// <param name="wish">The metadata, with its <c>client_id</c>; what it leaves out falls back to defaults.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<EditOutcome> EditAsync(EditTarget target, JsonElement wish, CancellationToken cancellationToken)
    {
        target = target with { Policy = target.Policy with { TrialCallback = parts.Installation.TrialCallback } };
        if (await registry.ReadAsync(target.ClientId, cancellationToken) is not { } registered)
        {
            return new EditOutcome.Gone();
        }

        var verdict = RegistrationRequest.JudgeChange(wish, target.Policy, registered);
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new EditOutcome.Refused(refused.Problems);
        }

        // Before anything is locked: the other side may be slow.
        if (await documents.ProblemOfAsync(((ClientMetadataVerdict.Accepted)verdict).Metadata, cancellationToken) is { } problem)
        {
            return new EditOutcome.Refused([problem]);
        }

        var outcome = await unit.InOwnTransactionAsync(() => StoreAsync(target, wish, cancellationToken), cancellationToken);
        parts.Cache.Forget(new Client { Id = target.RowId, ClientId = target.ClientId }); // again: somebody may have read before the commit
        return outcome;
    }

    private async Task<EditOutcome> StoreAsync(EditTarget target, JsonElement wish, CancellationToken cancellationToken)
    {
        await parts.Operations.HoldClientAsync(target.RowId, cancellationToken);
        var row = await parts.Db.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.Id == target.RowId, cancellationToken);
        if (row is null)
        {
            return new EditOutcome.Gone();
        }

        if (target.Version is { } version && !string.Equals(version, row.ConcurrencyToken, StringComparison.Ordinal))
        {
            return new EditOutcome.Changed();
        }

        var registered = CachedClient.MetadataOf(row);
        var verdict = RegistrationRequest.JudgeChange(wish, target.Policy, registered);
        if (verdict is ClientMetadataVerdict.Refused refused)
        {
            return new EditOutcome.Refused(refused.Problems);
        }

        // RFC 7592 §2.2: a current secret may be repeated, never chosen.
        var client = ((ClientMetadataVerdict.Accepted)verdict).Metadata;
        if (client.ClientSecret is not null && (await registry.CompareAsync(client, cancellationToken))?.Contains("client_secret") != false)
        {
            return new EditOutcome.Refused([new("client_secret", "is not the current one", "Leave it out: it stays as it is, and nobody can choose it.")]);
        }

        return await registry.UpdateAsync(client with { ClientSecret = null }, cancellationToken) switch
        {
            UpdateOutcome.Updated updated => new EditOutcome.Stored(updated.Client, updated.GeneratedSecret),
            UpdateOutcome.Unchanged => new EditOutcome.Stored(registered, null),
            UpdateOutcome.Refused broken => new EditOutcome.Refused(broken.Problems),
            UpdateOutcome.Unknown => new EditOutcome.Gone(),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {other}."),
        };
    }
}

/// <summary>What changing a client reads and holds.</summary>
internal sealed record ClientEditorParts(IdentityServerDbContext Db, RegistrationOperations Operations, ClientCache Cache, Installation Installation);

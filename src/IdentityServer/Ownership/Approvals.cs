using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>A client that waits for an administrator's word.</summary>
/// <param name="Client">What is registered: this is what the word would be about.</param>
/// <param name="Version">Its version, which the word must name.</param>
/// <param name="AskedAt">Since when it waits.</param>
/// <param name="Wish">What the owner wrote; may be empty.</param>
/// <param name="Owners">Who is behind it.</param>
internal sealed record PendingApproval(ClientSettings Client, string Version, DateTimeOffset AskedAt, string Wish, IReadOnlyList<string> Owners);

/// <summary>Where a client stands with the operator.</summary>
/// <param name="Verified">The operator vouches for its name.</param>
/// <param name="AskedAt">An owner waits for a word since then; null when none does.</param>
/// <param name="DecidedAt">When an administrator last decided; null for never.</param>
/// <param name="Refusal">What the administrator wrote with a refusal; null when the last word was none.</param>
internal sealed record ApprovalStanding(bool Verified, DateTimeOffset? AskedAt, DateTimeOffset? DecidedAt, string? Refusal);

/// <summary>What became of an administrator's word.</summary>
internal enum ApprovalOutcome
{
    /// <summary>It counts.</summary>
    Done,

    /// <summary>The client was changed since the administrator looked at it.</summary>
    Changed,

    /// <summary>Nobody waits for a word about it, or it is gone.</summary>
    Gone,

    /// <summary>The one who speaks is no administrator.</summary>
    NotAdmitted,
}

/// <summary>
/// Approval of clients for production. Without it a client works, is called unverified where people are asked for consent, and shows no
/// logo. An owner asks, an administrator looks at exactly what people would be shown, and decides; a later change of that takes it back.
/// </summary>
internal sealed class Approvals(IdentityServerDbContext db, UnitOfWork unit, ClientRegistry registry, RegistrationOperations clients, ApprovalParts parts)
{
    /// <summary>The longest text with a wish or a refusal, in characters.</summary>
    public const int LongestNote = 1_000;

    /// <summary>Where a client stands.</summary>
    public async Task<ApprovalStanding> StandingAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        var row = await db.ClientStandings.AsNoTracking().SingleOrDefaultAsync(standing => standing.ClientRowId == client.RowId, cancellationToken);
        return new(client.Metadata.Verified, row?.ApprovalAskedAt, row?.DecidedAt, row?.Refusal);
    }

    /// <summary>Asks for approval.</summary>
    /// <returns>False when the client is approved already, somebody asked before, or no person asks.</returns>
    public async Task<bool> AskAsync(OwnedClient client, string? wish, CancellationToken cancellationToken)
    {
        if (client.Actor is not Actor.Person { User.Id: var asking } || client.Metadata.Verified)
        {
            return false;
        }

        return await unit.InOwnTransactionAsync(
            async () =>
            {
                await clients.HoldClientAsync(client.RowId, cancellationToken);
                var row = await db.ClientStandings.SingleOrDefaultAsync(standing => standing.ClientRowId == client.RowId, cancellationToken);
                if (row is null)
                {
                    db.ClientStandings.Add(row = new() { ClientRowId = client.RowId });
                }

                if (row.ApprovalAskedAt is not null)
                {
                    return false;
                }

                (row.ApprovalAskedAt, row.ApprovalWish, row.Refusal) = (parts.Clock.GetUtcNow(), Cut(wish), null);
                parts.Audit.Add(AuditEvents.ClientApprovalAsked, new(UserId: asking, ClientId: client.ClientId));
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Those who wait, the longest first. For administrators; others wait in vain.</summary>
    public async Task<IReadOnlyList<PendingApproval>> PendingAsync(User administrator, CancellationToken cancellationToken)
    {
        if (!administrator.Administrator)
        {
            return [];
        }

        var rows = await (
            from standing in db.ClientStandings.AsNoTracking()
            join client in db.Clients.AsNoTracking() on standing.ClientRowId equals client.Id
            where standing.ApprovalAskedAt != null
            orderby standing.ApprovalAskedAt, client.Id
            select new
            {
                client,
                standing,
                owners = db.ClientOwners.Where(owner => owner.ClientRowId == client.Id)
                    .Join(db.Users, owner => owner.UserId, user => user.Id, (owner, user) => user.Email).ToList(),
            }).Take(ClientAccess.LongestPage).AsSplitQuery().ToListAsync(cancellationToken);
        return [.. rows.Select(row => new PendingApproval(
            ClientSettings.From(row.client.Id!, CachedClient.MetadataOf(row.client)), row.client.ConcurrencyToken ?? "",
            row.standing.ApprovalAskedAt!.Value, row.standing.ApprovalWish ?? "", row.owners))];
    }

    /// <summary>Vouches for a client as the administrator saw it.</summary>
    public Task<ApprovalOutcome> ApproveAsync(User administrator, string clientId, string version, CancellationToken cancellationToken) =>
        DecideAsync(administrator, clientId, version, refusal: null, cancellationToken);

    /// <summary>Does not.</summary>
    /// <param name="administrator">Who speaks.</param>
    /// <param name="clientId">Of which client.</param>
    /// <param name="version">As it was looked at.</param>
    /// <param name="reason">What the owners are told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<ApprovalOutcome> RefuseAsync(User administrator, string clientId, string version, string? reason, CancellationToken cancellationToken) =>
        DecideAsync(administrator, clientId, version, Cut(reason), cancellationToken);

    private async Task<ApprovalOutcome> DecideAsync(
        User administrator, string clientId, string version, string? refusal, CancellationToken cancellationToken)
    {
        var outcome = await unit.InOwnTransactionAsync(() => StoreAsync(administrator, clientId, version, refusal, cancellationToken), cancellationToken);
        if (outcome == ApprovalOutcome.Done && await db.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.ClientId == clientId, cancellationToken) is { } client)
        {
            parts.Cache.Forget(client); // after the commit: somebody may have read before it
        }

        return outcome;
    }

    private async Task<ApprovalOutcome> StoreAsync(
        User administrator, string clientId, string version, string? refusal, CancellationToken cancellationToken)
    {
        // In the row, not in what the session began with: whoever lost the office a moment ago decides nothing more.
        if (!await db.Users.AnyAsync(user => user.Id == administrator.Id && user.Administrator && user.TestOfClientId == null, cancellationToken))
        {
            return ApprovalOutcome.NotAdmitted;
        }

        if (await db.Clients.Where(client => client.ClientId == clientId).Select(client => client.Id).SingleOrDefaultAsync(cancellationToken) is not { } rowId)
        {
            return ApprovalOutcome.Gone;
        }

        await clients.HoldClientAsync(rowId, cancellationToken);
        var row = await db.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.Id == rowId, cancellationToken);
        var standing = await db.ClientStandings.SingleOrDefaultAsync(candidate => candidate.ClientRowId == rowId, cancellationToken);
        if (row is null || standing?.ApprovalAskedAt is null)
        {
            return ApprovalOutcome.Gone;
        }

        if (!string.Equals(row.ConcurrencyToken, version, StringComparison.Ordinal))
        {
            return ApprovalOutcome.Changed;
        }

        (standing.ApprovalAskedAt, standing.ApprovalWish, standing.DecidedAt, standing.Refusal) = (null, null, parts.Clock.GetUtcNow(), refusal);
        parts.Audit.Add(
            refusal is null ? AuditEvents.ClientApproved : AuditEvents.ClientApprovalRefused, new(UserId: administrator.Id, ClientId: clientId));
        await db.SaveChangesAsync(cancellationToken);
        if (refusal is null)
        {
            ClientMetadata approved = CachedClient.MetadataOf(row) with { Verified = true };
            if (await registry.UpdateAsync(approved, cancellationToken) is not (UpdateOutcome.Updated or UpdateOutcome.Unchanged))
            {
                throw new InvalidOperationException("The client's own metadata breaks rules that it kept when it was stored.");
            }
        }

        return ApprovalOutcome.Done;
    }

    private static string Cut(string? note)
    {
        var text = string.Concat((note ?? "").Trim().Where(c => !char.IsControl(c) || c == '\n'));
        return text.Length <= LongestNote ? text : text[..LongestNote];
    }
}

/// <summary>What approving touches beside the client.</summary>
internal sealed record ApprovalParts(ClientCache Cache, AuditTrail Audit, TimeProvider Clock);

using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Diagnostics;

/// <summary>Where a page of failures ended: the next one goes on behind it.</summary>
/// <param name="At">The last failure's moment.</param>
/// <param name="Id">Its reference.</param>
internal readonly record struct FailureCursor(DateTimeOffset At, string Id);

/// <summary>Which failures of a client are wanted.</summary>
/// <param name="Code">Only those of a code; null for all.</param>
/// <param name="Reference">Only the one of a reference; null for all.</param>
/// <param name="After">Only those that follow a page; null for the first page.</param>
/// <param name="Since">Only those of then or later; null for all that are kept.</param>
internal sealed record FailureQuery(string? Code = null, string? Reference = null, FailureCursor? After = null, DateTimeOffset? Since = null);

/// <summary>A page of failures, the newest first.</summary>
/// <param name="Failures">The failures.</param>
/// <param name="Next">Where the next page begins; null when this was the last.</param>
internal sealed record FailurePage(IReadOnlyList<ClientFailure> Failures, FailureCursor? Next);

/// <summary>
/// What is known of clients' requests, for their owners: whoever asks has seen to it that they are. What this node has gathered is written
/// first, so that a failure can be read the moment after it happened; other nodes' counts are half a minute old at most.
/// </summary>
internal sealed class ClientHistory(IdentityServerDbContext db, InsightOperations operations, InsightWriter writer, TimeProvider clock)
{
    /// <summary>The failures of a client.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="size">The most on a page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<FailurePage> FailuresAsync(string clientRowId, FailureQuery query, int size, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var kept = clock.GetUtcNow() - DiagnosisPolicy.FailuresKept;
        var since = query.Since > kept ? query.Since.Value : kept;
        var rows = db.ClientFailures.AsNoTracking().Where(row => row.ClientRowId == clientRowId && row.At >= since);
        if (query.Code is { } code)
        {
            rows = rows.Where(row => row.Code == code);
        }

        if (query.Reference is { } reference)
        {
            rows = rows.Where(row => row.Id == reference);
        }

        if (query.After is { } after)
        {
            rows = rows.Where(row => row.At < after.At || (row.At == after.At && row.Id.CompareTo(after.Id) < 0));
        }

        var found = await rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Take(size + 1).ToListAsync(cancellationToken);
        var page = found.Take(size).ToList();
        return new(page, found.Count > size ? new(page[^1].At, page[^1].Id) : null);
    }

    /// <summary>The failure of a reference, if it is of one of these clients; null otherwise, whether or not it exists.</summary>
    /// <param name="clientRowIds">The <see cref="Client.Id"/> of each client that the reader owns.</param>
    /// <param name="reference">What the error page showed.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<ClientFailure?> FindFailureAsync(
        IReadOnlyCollection<string> clientRowIds, string reference, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        var since = clock.GetUtcNow() - DiagnosisPolicy.FailuresKept;
        return await db.ClientFailures.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == reference && row.At >= since && clientRowIds.Contains(row.ClientRowId), cancellationToken);
    }

    /// <summary>What a client did in the last days, today included.</summary>
    /// <param name="clientRowId">The client's <see cref="Client.Id"/>.</param>
    /// <param name="days">How many days; no more than are kept.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<ActivityHistory> ActivityAsync(string clientRowId, int days, CancellationToken cancellationToken)
    {
        await writer.FlushAsync(cancellationToken);
        days = Math.Clamp(days, 1, (int)DiagnosisPolicy.ActivityKept.TotalDays);
        var today = ClientInsight.DayOf(clock.GetUtcNow());
        var rows = await operations.ActivityAsync(clientRowId, today - days + 1, today, cancellationToken);
        return ActivityHistory.Of(rows, today, days);
    }
}

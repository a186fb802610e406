using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Maintenance.Import;

/// <summary>Imports clients, by the rules of every other way to register one.</summary>
internal sealed class ClientLines(ClientImport import, UnitOfWork unit, IdentityServerDbContext db) : IImportTarget
{
    public async Task<IReadOnlyList<LineOutcome>> ApplyAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        try
        {
            return await unit.InOwnTransactionAsync(() => ApplyAllAsync(lines, cancellationToken), cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Somebody registered one of them meanwhile, which voids the whole transaction. One by one only that line gives way.
            db.ChangeTracker.Clear();
            return await ApplyAllAsync(lines, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<LineOutcome>> ApplyAllAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        var outcomes = new List<LineOutcome>(lines.Count);
        foreach (var line in lines)
        {
            outcomes.Add(await import.ImportAsync(line, cancellationToken) switch
            {
                ImportVerdict.Created created => new LineOutcome.Added(Result(created), [.. created.Notices.Select(notice => notice.ToString())]),
                ImportVerdict.Unchanged => new LineOutcome.Unchanged(),
                ImportVerdict.Refused refused => new LineOutcome.Refused(string.Join(' ', refused.Problems)),
                var other => throw new System.Diagnostics.UnreachableException($"Unmapped verdict {other}."),
            });
        }

        return outcomes;
    }

    // Only what the operator does not have already: nothing else is worth having in a terminal's scrollback.
    private static string? Result(ImportVerdict.Created created)
    {
        if (!created.IdGenerated && created.GeneratedSecret is null)
        {
            return null;
        }

        var result = new JsonObject { ["client_id"] = created.ClientId };
        if (created.GeneratedSecret is { } secret)
        {
            result["client_secret"] = secret.Reveal();
        }

        return result.ToJsonString();
    }
}

using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Maintenance.Import;

/// <summary>Imports resources. Unlike an account or a client, one that is there becomes what its line says: a file describes all of it.</summary>
internal sealed class ResourceLines(ResourceRegistry registry, UnitOfWork unit, IdentityServerDbContext db) : IImportTarget
{
    public async Task<IReadOnlyList<LineOutcome>> ApplyAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        try
        {
            return await unit.InOwnTransactionAsync(() => ApplyAllAsync(lines, cancellationToken), cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Somebody registered one of them meanwhile, which voids the whole transaction. One by one each finds what is there now.
            db.ChangeTracker.Clear();
            return await ApplyAllAsync(lines, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<LineOutcome>> ApplyAllAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        var outcomes = new List<LineOutcome>(lines.Count);
        foreach (var line in lines)
        {
            outcomes.Add(ResourceMetadata.Parse(line) switch
            {
                ResourceMetadataVerdict.Accepted accepted => Told(await registry.SaveAsync(accepted.Metadata, cancellationToken)),
                ResourceMetadataVerdict.Refused refused => new LineOutcome.Refused(string.Join(' ', refused.Problems)),
                var other => throw new UnreachableException($"Unmapped verdict {other}."),
            });
        }

        return outcomes;
    }

    private static LineOutcome Told(ResourceOutcome outcome) => outcome switch
    {
        ResourceOutcome.Registered => new LineOutcome.Added(),
        ResourceOutcome.Changed => new LineOutcome.Changed(),
        ResourceOutcome.Unchanged => new LineOutcome.Unchanged(),
        ResourceOutcome.Refused refused => new LineOutcome.Refused(string.Join(' ', refused.Problems)),
        var other => throw new UnreachableException($"Unmapped outcome {other}."),
    };
}

using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Maintenance.Import;

/// <summary>Imports clients, by the rules of every other way to register one.</summary>
internal sealed class ClientLines(
    ClientImport import, ClientRegistry registry, ClientDocuments documents, UnitOfWork unit, IdentityServerDbContext db) : IImportTarget
{
    public async Task<IReadOnlyList<LineOutcome>> ApplyAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken)
    {
        // Before the transaction: other servers are asked, and nobody is to wait for them.
        var problems = new MetadataProblem?[lines.Count];
        for (var index = 0; index < lines.Count; index++)
        {
            problems[index] = await ProblemOfDocumentsAsync(lines[index], cancellationToken);
        }

        try
        {
            return await unit.InOwnTransactionAsync(() => ApplyAllAsync(lines, problems, cancellationToken), cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Somebody registered one of them meanwhile, which voids the whole transaction. One by one only that line gives way.
            db.ChangeTracker.Clear();
            return await ApplyAllAsync(lines, problems, cancellationToken);
        }
    }

    // A client that is there already is not changed by a line, so its documents may say what they like by now.
    private async Task<MetadataProblem?> ProblemOfDocumentsAsync(JsonElement line, CancellationToken cancellationToken) =>
        ClientMetadata.Parse(line) is ClientMetadataVerdict.Accepted { Metadata: { SectorIdentifierUri: not null } client }
        && (client.ClientId ?? ClientIdentifier.DeriveFrom(client)) is { } clientId
        && await registry.ReadAsync(clientId, cancellationToken) is null
            ? await documents.ProblemOfAsync(client, cancellationToken)
            : null;

    private async Task<IReadOnlyList<LineOutcome>> ApplyAllAsync(
        IReadOnlyList<JsonElement> lines, MetadataProblem?[] problems, CancellationToken cancellationToken)
    {
        var outcomes = new List<LineOutcome>(lines.Count);
        foreach (var (line, problem) in lines.Zip(problems))
        {
            if (problem is not null)
            {
                outcomes.Add(new LineOutcome.Refused(problem.ToString()));
                continue;
            }

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

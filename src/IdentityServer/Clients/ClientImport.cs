using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients;

/// <summary>
/// Takes clients from a file, a line each. The same line again changes nothing, and no line changes a client that is there: a line
/// without a <c>client_id</c> is recognised by name and redirect URIs.
/// </summary>
internal sealed class ClientImport(ClientRegistry registry, IdentityServerDbContext db)
{
    /// <summary>Imports one line.</summary>
    public async Task<ImportVerdict> ImportAsync(JsonElement line, CancellationToken cancellationToken)
    {
        return ClientMetadata.Parse(line) switch
        {
            ClientMetadataVerdict.Refused refused => new ImportVerdict.Refused(refused.Problems),
            ClientMetadataVerdict.Accepted accepted => await ImportAsync(accepted.Metadata, cancellationToken),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped verdict {other}."),
        };
    }

    private async Task<ImportVerdict> ImportAsync(ClientMetadata metadata, CancellationToken cancellationToken)
    {
        if ((metadata.ClientId ?? ClientIdentifier.DeriveFrom(metadata)) is not { } clientId)
        {
            return Refuse("client_id", "is missing, and there is no name to recognise the client by", "Give it a client_id or a client_name.");
        }

        var client = metadata with { ClientId = clientId };
        if (await registry.CompareAsync(client, cancellationToken) is { } differing)
        {
            return Judge(clientId, differing);
        }

        return await registry.RegisterAsync(client, cancellationToken) switch
        {
            RegisterOutcome.Registered registered => new ImportVerdict.Created(
                clientId, metadata.ClientId is null, registered.GeneratedSecret, await NoticesAsync(registered.Client, metadata.ClientSecret, cancellationToken)),
            RegisterOutcome.Refused refused => new ImportVerdict.Refused(refused.Problems),
            RegisterOutcome.Taken when await registry.CompareAsync(client, cancellationToken) is { } now => Judge(clientId, now),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private static ImportVerdict Judge(string clientId, IReadOnlyList<string> differing)
    {
        return differing.Count == 0
            ? new ImportVerdict.Unchanged(clientId)
            : Refuse(
                "client_id",
                $"names the client {clientId}, which is registered with another {string.Join(", ", differing)}",
                "An import changes no client: give this one another client_id, or write the line as it is registered.");
    }

    private static ImportVerdict.Refused Refuse(string field, string rule, string mend) => new([new MetadataProblem(field, rule, mend)]);

    private async Task<IReadOnlyList<MetadataProblem>> NoticesAsync(ClientMetadata client, ClientSecret? brought, CancellationToken cancellationToken)
    {
        var notices = new List<MetadataProblem>();
        if (brought is { IsStrong: false })
        {
            notices.Add(new("client_secret", "is short or repeats itself", "Leave it out to have a random one made: it is also quicker to check."));
        }

        var unknown = client.Scopes.Except(StandardScopes.All).ToList();
        if (unknown.Count > 0)
        {
            unknown = [.. unknown.Except(await db.Scopes.Where(scope => unknown.Contains(scope.Name!)).Select(scope => scope.Name!).ToListAsync(cancellationToken))];
        }

        notices.AddRange(unknown.Select(scope =>
            new MetadataProblem("scope", $"names {scope}, which is not served here", "Requests for it are refused until it is.")));
        var served = client.Introspects.Count == 0 ? [] : await db.Resources.Select(resource => resource.Id).ToListAsync(cancellationToken);
        notices.AddRange(client.Introspects.Except(served).Select(resource =>
            new MetadataProblem("introspects", $"names {resource}, which is not registered here", "Nothing can be asked about it until it is.")));
        return notices;
    }
}

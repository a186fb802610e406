using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Egress;

namespace IdentityServer.Clients;

/// <summary>
/// The one step of a client's judgement that asks somebody else: documents that the metadata names and that must say so. It stands beside
/// the pure rules, for every way in, and before any transaction, because the other side may be slow.
/// </summary>
internal sealed class ClientDocuments(EgressClient egress)
{
    private const string Field = "sector_identifier_uri";
    private const string Mend = "Serve a JSON list of all redirect URIs there, as application/json (OpenID Connect Core §8.1).";

    /// <summary>
    /// What is wrong with the document of <c>sector_identifier_uri</c>; null when nothing is, or none is named. It must list every redirect
    /// URI (OpenID Connect Dynamic Client Registration 1.0 §5), or anybody could read the subjects of another's sector.
    /// </summary>
    /// <param name="metadata">Judged by the rules already.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<MetadataProblem?> ProblemOfAsync(ClientMetadata metadata, CancellationToken cancellationToken)
    {
        if (metadata.SectorIdentifierUri is not { } address)
        {
            return null;
        }

        return await egress.GetAsync(new Uri(address, UriKind.Absolute), EgressRules.Sector, cancellationToken) switch
        {
            EgressAnswer.Answered answered => ProblemOf(answered.Body, metadata.RedirectUris),
            EgressAnswer.Refused refused => new(Field, $"is not asked: {refused.Reason}", Mend),
            EgressAnswer.Failed failed => new(Field, $"could not be read: {failed.Reason}", Mend),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}."),
        };
    }

    /// <summary>The same for what a document holds.</summary>
    internal static MetadataProblem? ProblemOf(ReadOnlyMemory<byte> body, IReadOnlyList<string> redirectUris)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                listed.Add(entry.GetString() ?? throw new InvalidOperationException("null is no string."));
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // Not JSON; or not a list, not of strings, or of strings that are not Unicode.
            return new(Field, "names a document that is not a JSON list of strings", Mend);
        }

        return redirectUris.FirstOrDefault(uri => !listed.Contains(uri)) is { } missing
            ? new(Field, $"names a document that does not list {missing}", Mend)
            : null;
    }
}

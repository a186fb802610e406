using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Egress;

namespace IdentityServer.Clients;

/// <summary>
/// The one step of a client's judgement that asks somebody else: documents that the metadata names and that must say so. It stands beside
/// the pure rules, for every way in, and before any transaction, because the other side may be slow.
/// </summary>
internal sealed class ClientDocuments(EgressCache documents, ILogger<ClientDocuments> logger)
{
    private const string Field = "sector_identifier_uri";

    private const string Mend = "Serve a JSON list of all redirect URIs there, as application/json (OpenID Connect Core §8.1).";

    // So short that a document that was mended counts at once, and long enough that nobody has us ask again and again.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

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

        return await documents.GetAsync(new Uri(address, UriKind.Absolute), EgressRules.Sector, Kept, cancellationToken) switch
        {
            EgressAnswer.Answered answered => ProblemOf(answered.Body, metadata.RedirectUris),
            EgressAnswer.Refused refused => NotRead(metadata, refused.Reason),
            EgressAnswer.Failed failed => NotRead(metadata, failed.Reason),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}."),
        };
    }

    // Whoever registers is not the operator: what a name means inside our walls is for the log.
    private MetadataProblem NotRead(ClientMetadata metadata, string reason)
    {
        logger.DocumentNotRead(metadata.ClientId ?? "(new)", Field, reason);
        return new(Field, "could not be read", $"{Mend} The operator's log has the reason.");
    }

    /// <summary>What is wrong with what a document holds; null when nothing is.</summary>
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

using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;

namespace IdentityServer.Api;

/// <summary>
/// A client as the API shows it: its metadata under the names of RFC 7591, and beside them what is told and not set. What is shown can be
/// sent back as it is.
/// </summary>
internal static class ApiClient
{
    /// <summary>Whether the client's kind is told, asked for, and what it is; see <see cref="ClientKinds"/>.</summary>
    public const string Kind = "kind";

    private const string RegisteredAt = "registered_at";
    private const string LastUsedAt = "last_used_at";
    private const string ApprovalRequested = "approval_requested";

    /// <summary>Members that are told, and mean nothing in what is sent.</summary>
    public static IReadOnlyList<string> Told { get; } = [Kind, RegisteredAt, LastUsedAt, ApprovalRequested];

    /// <summary>A client by itself. All of it changes with its version only, which is its entity tag.</summary>
    /// <param name="metadata">What is registered.</param>
    /// <param name="secret">The secret that was made just now, readable only now; null for none.</param>
    public static Dictionary<string, object?> Show(ClientMetadata metadata, ClientSecret? secret = null)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var members = new Dictionary<string, object?>(StringComparer.Ordinal) { ["client_id"] = metadata.ClientId };
        if (secret is not null)
        {
            members["client_secret"] = secret.Reveal();
        }

        members[Kind] = ClientKinds.NameOf(ClientKinds.Of(metadata));
        foreach (var member in metadata.ToJson().EnumerateObject())
        {
            members[member.Name] = member.Value.Clone();
        }

        return members;
    }

    /// <summary>A client in a list, with how it stands.</summary>
    public static Dictionary<string, object?> Show(ListedClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        var members = Show(client.Metadata);
        (members[RegisteredAt], members[LastUsedAt], members[ApprovalRequested]) = (client.RegisteredAt, client.LastUsedAt, client.ApprovalAsked);
        return members;
    }

    /// <summary>What of a wish means nothing: registration ignores it (RFC 7591 §2), and whoever mistyped a name looks for the cause for hours.</summary>
    public static IReadOnlyList<MetadataProblem> Unknown(JsonElement wish, IReadOnlyCollection<string> besides) =>
        [.. wish.EnumerateObject().Select(member => member.Name).Distinct(StringComparer.Ordinal)
            .Where(name => !ClientMetadata.Members.ContainsKey(name) && !besides.Contains(name, StringComparer.Ordinal))
            .Select(name => Told.Contains(name, StringComparer.Ordinal)
                ? new MetadataProblem(name, "is told and cannot be set", "Leave it out.")
                : new MetadataProblem(Shown(name), "is no member of a client's metadata", "Look for a typing mistake, or leave it out."))];

    /// <summary>A name that somebody sent, to be shown: whoever sent it chose these characters.</summary>
    public static string Shown(string name) => string.Concat(name.Take(64).Select(c => c is >= ' ' and <= '~' ? c : '?'));
}

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

    /// <summary>
    /// What of a wish means nothing, or two things: registration ignores unknown members (RFC 7591 §2), and whoever mistyped a name looks for
    /// the cause for hours.
    /// </summary>
    /// <param name="wish">A JSON object.</param>
    /// <param name="besides">Members that mean something beside the metadata.</param>
    public static IReadOnlyList<MetadataProblem> Unknown(JsonElement wish, IReadOnlyCollection<string> besides) =>
        [.. wish.EnumerateObject().GroupBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => ProblemOf(member.Key, member.Count() > 1, ClientMetadata.Members.ContainsKey(member.Key) || besides.Contains(member.Key, StringComparer.Ordinal)))
            .OfType<MetadataProblem>()];

    private static MetadataProblem? ProblemOf(string name, bool twice, bool known) =>
        !known && Told.Contains(name, StringComparer.Ordinal) ? new(name, "is told and cannot be set", "Leave it out.")
        : !known ? new(Shown(name), "is no member of a client's metadata", "Look for a typing mistake, or leave it out.")
        : twice ? new(name, "is there twice", "Keep one of them.")
        : null;

    /// <summary>A name that somebody sent, to be shown: whoever sent it chose these characters.</summary>
    public static string Shown(string name) => string.Concat(name.Take(64).Select(c => c is >= ' ' and <= '~' ? c : '?'));
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdentityServer.Domain.Clients;

/// <summary>A client's public name in the protocol, the <c>client_id</c>.</summary>
public static class ClientIdentifier
{
    /// <summary>The longest identifier, in characters.</summary>
    public const int MaxLength = 100;

    /// <summary>
    /// Visible ASCII (RFC 6749 appendix A.1, without the blank), and nothing that reads as an account's identifier: a client that acts
    /// for itself is the subject of its tokens (RFC 9068 §5), and must never be taken for a person.
    /// </summary>
    public static bool IsWellFormed(string? value) =>
        value is { Length: > 0 and <= MaxLength } && value.All(c => c is > ' ' and <= '~') && !ReadsAsAccount(value);

    /// <summary>Whether this could be the <c>sub</c> of a person, in any way of writing it.</summary>
    public static bool ReadsAsAccount(string value) => Guid.TryParse(value, out _);

    /// <summary>
    /// The identifier of a client that was given none: made from its name and redirect URIs, so that the same description, imported
    /// again, is recognised. Null when there is nothing to make it from.
    /// </summary>
    public static string? DeriveFrom(ClientMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.ClientName is null && metadata.RedirectUris.Count == 0)
        {
            return null;
        }

        // A JSON array cannot be read two ways, whatever the name holds.
        var text = JsonSerializer.Serialize(
            [metadata.ClientName ?? "", .. metadata.RedirectUris.Order(StringComparer.Ordinal)], IdentifierJson.Default.StringArray);
        return "c-" + Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class IdentifierJson : JsonSerializerContext;

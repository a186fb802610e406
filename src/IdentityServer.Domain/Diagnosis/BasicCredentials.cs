using System.Text;

namespace IdentityServer.Domain.Diagnosis;

/// <summary>What an Authorization header of the scheme Basic holds, before anything is decoded but the base64 (RFC 7617, RFC 6749 §2.3.1).</summary>
public sealed class BasicCredentials
{
    private const string Scheme = "Basic ";

    private readonly string _secret;

    private BasicCredentials(string clientId, string secret, bool wellFormed) => (ClientId, _secret, IsWellFormed) = (clientId, secret, wellFormed);

    /// <summary>What stands before the colon, still form-encoded.</summary>
    public string ClientId { get; }

    /// <summary>Whether it was base64. If not, it was taken as if it were plain, to find out whose it is.</summary>
    public bool IsWellFormed { get; }

    /// <summary>Reads a header; null when it is of another scheme, or names nobody.</summary>
    public static BasicCredentials? Read(string? header)
    {
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = header[Scheme.Length..].Trim();
        var bytes = new byte[text.Length];
        var wellFormed = Convert.TryFromBase64String(text, bytes, out var length);
        var pair = wellFormed ? Encoding.ASCII.GetString(bytes, 0, length) : text;
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? new(pair[..colon], pair[(colon + 1)..], wellFormed) : null;
    }

    /// <summary>What stands after the colon, as it is. Search this name to audit disclosure.</summary>
    public string RevealSecret() => _secret;

    /// <inheritdoc />
    public override string ToString() => "•••••";
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Secrets;

/// <summary>
/// The one secret outside the database. Everything secret inside it is wrapped under this one, so a copy of the database alone
/// reveals nothing, and a database whose root secret is lost is lost with it.
/// </summary>
internal sealed class RootSecret
{
    /// <summary>Fewer bytes are refused.</summary>
    public const int LeastBytes = 32;

    private const int IdBytes = 8;
    private readonly byte[] _secret;

    private RootSecret(byte[] secret)
    {
        _secret = secret;
        Id = Convert.ToHexStringLower(Derive("IdentityServer root secret id v1", [], IdBytes));
    }

    /// <summary>Tells two root secrets apart without telling anything about them.</summary>
    public string Id { get; }

    public static RootSecret Generate() => new(RandomNumberGenerator.GetBytes(LeastBytes));

    /// <summary>Reads base64; blanks around it are ignored.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out RootSecret? secret)
    {
        secret = null;
        var bytes = new byte[text?.Length ?? 0];
        if (!Convert.TryFromBase64String(text?.Trim() ?? "", bytes, out var length) || length < LeastBytes)
        {
            return false;
        }

        secret = new RootSecret(bytes[..length]);
        return true;
    }

    /// <summary>A key of its own for each purpose and salt (HKDF-SHA-256, RFC 5869).</summary>
    public byte[] Derive(string purpose, ReadOnlySpan<byte> salt, int length)
    {
        var key = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, key, salt, Encoding.UTF8.GetBytes(purpose));
        return key;
    }

    /// <summary>The only way out; search this name to audit disclosure.</summary>
    public string Reveal() => Convert.ToBase64String(_secret);

    public override string ToString() => $"RootSecret {Id}";
}

using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace IdentityServer.Secrets;

/// <summary>
/// Wraps the keys of Data Protection before they go into the database: AES-256-GCM under a key derived from the root secret with a
/// fresh salt each time, so that no nonce ever meets the same key twice.
/// </summary>
internal sealed class RootSecretXmlEncryptor(RootSecrets secrets) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        RootSecretWrap.Wrap(secrets.Current, Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))),
        typeof(RootSecretXmlDecryptor));
}

/// <summary>Unwraps. Its name is stored beside each wrapped key: it must not change.</summary>
internal sealed class RootSecretXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(RootSecretWrap.Unwrap(services.GetRequiredService<RootSecrets>(), encryptedElement)));
}

internal static class RootSecretWrap
{
    public const string Element = "rootSecretWrapped";

    private const string Version = "version";
    private const string SecretId = "secret";
    private const string CurrentVersion = "1";
    private const int SaltBytes = 32;
    private const string Purpose = "IdentityServer data protection wrap v1";
    private const int KeyBytes = 32;

    private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize;
    private static readonly int TagBytes = AesGcm.TagByteSizes.MaxSize;

    /// <summary>Wraps, and says beside it under which secret.</summary>
    public static XElement Wrap(RootSecret secret, byte[] plaintext)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new XElement(
            Element,
            new XAttribute(Version, CurrentVersion),
            new XAttribute(SecretId, secret.Id),
            new XElement("salt", Convert.ToBase64String(salt)),
            new XElement("value", Convert.ToBase64String(Seal(secret, salt, plaintext))));
    }

    /// <summary>The id of the secret that something is wrapped under.</summary>
    public static string? SecretOf(XElement wrapped) => (string?)wrapped.Attribute(SecretId);

    /// <summary>Unwraps.</summary>
    /// <exception cref="CryptographicException">The secret is not known here, or the bytes were changed.</exception>
    public static byte[] Unwrap(RootSecrets secrets, XElement wrapped)
    {
        if ((string?)wrapped.Attribute(Version) != CurrentVersion)
        {
            throw new CryptographicException("This key was wrapped by a newer version of the server.");
        }

        var secret = secrets.Find(SecretOf(wrapped) ?? "") ?? throw new CryptographicException("This key is wrapped under a root secret that is not known here.");
        return Open(secret, Convert.FromBase64String((string)wrapped.Element("salt")!), Convert.FromBase64String((string)wrapped.Element("value")!));
    }

    /// <summary>Nonce, tag and ciphertext in one.</summary>
    private static byte[] Seal(RootSecret secret, byte[] salt, byte[] plaintext)
    {
        var result = new byte[NonceBytes + TagBytes + plaintext.Length];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(secret.Derive(Purpose, salt, KeyBytes), TagBytes);
        aes.Encrypt(nonce, plaintext, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(Purpose + secret.Id));
        return result;
    }

    /// <exception cref="CryptographicException">The root secret is another, or the bytes were changed.</exception>
    private static byte[] Open(RootSecret secret, byte[] salt, byte[] sealedBytes)
    {
        if (sealedBytes.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException("The wrapped key is cut short.");
        }

        var plaintext = new byte[sealedBytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(secret.Derive(Purpose, salt, KeyBytes), TagBytes);
        aes.Decrypt(sealedBytes.AsSpan(0, NonceBytes), sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), plaintext, Encoding.UTF8.GetBytes(Purpose + secret.Id));
        return plaintext;
    }
}

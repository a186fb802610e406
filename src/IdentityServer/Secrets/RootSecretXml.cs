using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace IdentityServer.Secrets;

/// <summary>
/// Wraps the keys of Data Protection before they go into the database: AES-256-GCM under a key derived from the root secret with a
/// fresh salt each time, so that no nonce ever meets the same key twice.
/// </summary>
internal sealed class RootSecretXmlEncryptor(RootSecret secret) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var salt = RandomNumberGenerator.GetBytes(RootSecretWrap.SaltBytes);
        var sealedBytes = RootSecretWrap.Seal(secret, salt, Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting)));
        var element = new XElement(
            RootSecretWrap.Element,
            new XAttribute(RootSecretWrap.Version, RootSecretWrap.CurrentVersion),
            new XAttribute(RootSecretWrap.SecretId, secret.Id),
            new XElement("salt", Convert.ToBase64String(salt)),
            new XElement("value", Convert.ToBase64String(sealedBytes)));
        return new EncryptedXmlInfo(element, typeof(RootSecretXmlDecryptor));
    }
}

/// <summary>Unwraps. Its name is stored beside each wrapped key: it must not change.</summary>
internal sealed class RootSecretXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        if ((string?)encryptedElement.Attribute(RootSecretWrap.Version) != RootSecretWrap.CurrentVersion)
        {
            throw new CryptographicException("This key was wrapped by a newer version of the server.");
        }

        var secret = services.GetRequiredService<RootSecret>();
        var salt = Convert.FromBase64String((string)encryptedElement.Element("salt")!);
        var value = Convert.FromBase64String((string)encryptedElement.Element("value")!);
        return XElement.Parse(Encoding.UTF8.GetString(RootSecretWrap.Open(secret, salt, value)));
    }
}

internal static class RootSecretWrap
{
    public const string Element = "rootSecretWrapped";
    public const string Version = "version";
    public const string SecretId = "secret";
    public const string CurrentVersion = "1";
    public const int SaltBytes = 32;

    private const string Purpose = "IdentityServer data protection wrap v1";
    private const int KeyBytes = 32;

    private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize;
    private static readonly int TagBytes = AesGcm.TagByteSizes.MaxSize;

    /// <summary>Nonce, tag and ciphertext in one.</summary>
    public static byte[] Seal(RootSecret secret, byte[] salt, byte[] plaintext)
    {
        var result = new byte[NonceBytes + TagBytes + plaintext.Length];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(secret.Derive(Purpose, salt, KeyBytes), TagBytes);
        aes.Encrypt(nonce, plaintext, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(Purpose + secret.Id));
        return result;
    }

    /// <exception cref="CryptographicException">The root secret is another, or the bytes were changed.</exception>
    public static byte[] Open(RootSecret secret, byte[] salt, byte[] sealedBytes)
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

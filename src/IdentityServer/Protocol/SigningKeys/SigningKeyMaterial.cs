using System.Security.Cryptography;
using IdentityServer.Domain.SigningKeys;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>A key, ready to sign.</summary>
/// <param name="Credentials">The key with its <c>kid</c> and its one algorithm.</param>
/// <param name="Period">When it signs and how long it is published.</param>
internal sealed record RingKey(SigningCredentials Credentials, KeyPeriod Period);

/// <summary>Makes keys and reads them from their rows. The private part is PKCS#8, protected, and leaves this class only as a signing key.</summary>
internal sealed class SigningKeyMaterial(IDataProtectionProvider protection)
{
    /// <summary>RSA of this size is what RS256 is commonly run with, and costs a quarter of the CPU of 4096 bits.</summary>
    private const int RsaBits = 2048;

    private readonly IDataProtector _protector = protection.CreateProtector("IdentityServer.SigningKeys.v1");

    /// <summary>
    /// What keys are made for, by our own preference. ES256 first: it signs faster. RS256 is what every relying party must know (OpenID
    /// Connect Core §15.1). A key has one algorithm (RFC 8725 §3.1), so PS256 has an RSA key of its own.
    /// </summary>
    public static IReadOnlyList<string> Algorithms { get; } = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256];

    /// <summary>A new key's row. Takes a tenth of a second and more for RSA.</summary>
    /// <param name="algorithm">One of <see cref="Algorithms"/>.</param>
    /// <param name="period">Its life.</param>
    public SigningKey Create(string algorithm, KeyPeriod period)
    {
        using AsymmetricAlgorithm key = algorithm switch
        {
            SecurityAlgorithms.EcdsaSha256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.RsaSsaPssSha256 => RSA.Create(RsaBits),
            _ => throw new ArgumentException($"No keys are made for {algorithm}.", nameof(algorithm)),
        };
        return new SigningKey
        {
            Id = Thumbprint(key),
            Algorithm = algorithm,
            ProtectedKey = Convert.ToBase64String(_protector.Protect(key.ExportPkcs8PrivateKey())),
            CreatedAt = period.PublishedAt,
            ActivatesAt = period.ActivatesAt,
            RetiresAt = period.RetiresAt,
            ExpiresAt = period.ExpiresAt,
        };
    }

    /// <summary>The credentials of a row.</summary>
    /// <exception cref="CryptographicException">The private part cannot be unprotected.</exception>
    public SigningCredentials Read(SigningKey row)
    {
        AsymmetricAlgorithm key = row.Algorithm == SecurityAlgorithms.EcdsaSha256 ? ECDsa.Create() : RSA.Create();
        key.ImportPkcs8PrivateKey(_protector.Unprotect(Convert.FromBase64String(row.ProtectedKey)), out _);
        SecurityKey security = key is ECDsa ecdsa ? new ECDsaSecurityKey(ecdsa) { KeyId = row.Id } : new RsaSecurityKey((RSA)key) { KeyId = row.Id };
        return new SigningCredentials(security, row.Algorithm);
    }

    // RFC 7638: the same key never has two names, and two keys never have one, over reinstallations too.
    private static string Thumbprint(AsymmetricAlgorithm key)
    {
        SecurityKey security = key is ECDsa ecdsa ? new ECDsaSecurityKey(ecdsa) : new RsaSecurityKey((RSA)key);
        return Base64UrlEncoder.Encode(security.ComputeJwkThumbprint());
    }
}

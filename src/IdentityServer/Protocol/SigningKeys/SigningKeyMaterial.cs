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

    /// <summary>A new key's row.</summary>
    /// <param name="algorithm">A JWS algorithm name (RFC 7518 §3.1): <c>ES256</c> or <c>RS256</c>.</param>
    /// <param name="period">Its life.</param>
    /// <param name="now">The time.</param>
    public SigningKey Create(string algorithm, KeyPeriod period, DateTimeOffset now)
    {
        using AsymmetricAlgorithm key = algorithm switch
        {
            SecurityAlgorithms.EcdsaSha256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            SecurityAlgorithms.RsaSha256 => RSA.Create(RsaBits),
            _ => throw new ArgumentException($"No keys are made for {algorithm}.", nameof(algorithm)),
        };
        return new SigningKey
        {
            Id = Thumbprint(key),
            Algorithm = algorithm,
            ProtectedKey = Convert.ToBase64String(_protector.Protect(key.ExportPkcs8PrivateKey())),
            CreatedAt = now,
            ActivatesAt = period.ActivatesAt,
            RetiresAt = period.RetiresAt,
            ExpiresAt = period.ExpiresAt,
        };
    }

    /// <summary>The key of a row.</summary>
    /// <exception cref="CryptographicException">The private part cannot be unprotected.</exception>
    public RingKey Read(SigningKey row)
    {
        AsymmetricAlgorithm key = row.Algorithm == SecurityAlgorithms.EcdsaSha256 ? ECDsa.Create() : RSA.Create();
        key.ImportPkcs8PrivateKey(_protector.Unprotect(Convert.FromBase64String(row.ProtectedKey)), out _);
        SecurityKey security = key is ECDsa ecdsa ? new ECDsaSecurityKey(ecdsa) { KeyId = row.Id } : new RsaSecurityKey((RSA)key) { KeyId = row.Id };
        return new RingKey(new SigningCredentials(security, row.Algorithm), new KeyPeriod(row.ActivatesAt, row.RetiresAt, row.ExpiresAt));
    }

    // RFC 7638: the same key never has two names, and two keys never have one, over reinstallations too.
    private static string Thumbprint(AsymmetricAlgorithm key)
    {
        SecurityKey security = key is ECDsa ecdsa ? new ECDsaSecurityKey(ecdsa) : new RsaSecurityKey((RSA)key);
        return Base64UrlEncoder.Encode(security.ComputeJwkThumbprint());
    }
}

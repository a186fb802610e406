using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Users.Hashing;

/// <summary>
/// PBKDF2 as ASP.NET Core Identity V3 stores it, base64 of: 0x01, then big-endian 32-bit PRF, iterations and salt length, then salt and
/// subkey.
/// </summary>
internal sealed class IdentityV3Hash : StoredHash
{
    private const int HeaderLength = 13;

    // About a second of one core.
    private const uint MostIterations = 2_000_000;

    private readonly HashAlgorithmName _prf;
    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _subkey;

    private IdentityV3Hash(HashAlgorithmName prf, int iterations, byte[] salt, byte[] subkey) =>
        (_prf, _iterations, _salt, _subkey) = (prf, iterations, salt, subkey);

    /// <inheritdoc />
    public override string Format => "identity-v3";

    /// <inheritdoc />
    public override string Recipe => string.Create(
        CultureInfo.InvariantCulture, $"{Format} {_prf.Name},{_iterations},salt={_salt.Length},subkey={_subkey.Length}");

    /// <inheritdoc />
    public override bool IsCurrent => false;

    /// <inheritdoc />
    public override bool Matches(string password)
    {
        var secret = Encoding.UTF8.GetBytes(password);
        try
        {
            var subkey = Rfc2898DeriveBytes.Pbkdf2(secret, _salt, _iterations, _prf, _subkey.Length);
            return CryptographicOperations.FixedTimeEquals(subkey, _subkey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <inheritdoc />
    public override StoredHash Twin() => new IdentityV3Hash(
        _prf, _iterations, RandomNumberGenerator.GetBytes(_salt.Length), RandomNumberGenerator.GetBytes(_subkey.Length));

    /// <summary>Reads the base64 text.</summary>
    public static (StoredHash? Hash, string? Reason) Parse(string text)
    {
        var bytes = new byte[MaxLength];
        if (!Convert.TryFromBase64String(text, bytes, out var length) || length == 0)
        {
            return (null, "is no hash that is known here; give Argon2id ($argon2id$...), ASP.NET Core Identity V3 (AQAAAA...) or bcrypt ($2b$...)");
        }

        if (bytes[0] == 0x00)
        {
            return (null, "is of ASP.NET Core Identity V2; only V3 (it begins with AQAAAA) is verified here");
        }

        if (bytes[0] != 0x01 || length < HeaderLength)
        {
            return (null, "is not of ASP.NET Core Identity V3; such a hash begins with AQAAAA");
        }

        var prf = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1)) switch
        {
            0 => HashAlgorithmName.SHA1,
            1 => HashAlgorithmName.SHA256,
            2 => HashAlgorithmName.SHA512,
            _ => default,
        };
        var iterations = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5));
        var saltLength = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(9));
        if (prf.Name is null)
        {
            return (null, "names a pseudo-random function that Identity V3 does not have; copy the hash whole");
        }

        if (iterations is 0 or > MostIterations)
        {
            return (null, $"has {iterations} iterations; 1 to {MostIterations} are verified here");
        }

        // The framework itself refuses less than 16 bytes of either.
        if (saltLength is < 16 or > 64 || length - HeaderLength - saltLength is < 16 or > 128)
        {
            return (null, "has a salt or subkey of a length that Identity V3 does not make; copy the hash whole");
        }

        var salt = bytes.AsSpan(HeaderLength, (int)saltLength).ToArray();
        return (new IdentityV3Hash(prf, (int)iterations, salt, bytes[(HeaderLength + (int)saltLength)..length]), null);
    }
}

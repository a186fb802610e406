using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// The stored form of a client secret. A strong secret has nothing to fear from a fast hash, and is checked on every call of every
/// back end, so SHA-256 is right for it; a weak one that was brought along from elsewhere gets a slow, salted hash.
/// </summary>
/// <remarks>The text names its version and its function: <c>1$sha256$hash</c> or <c>1$pbkdf2-sha256$iterations$salt$hash</c>.</remarks>
public static class ClientSecretHash
{
    /// <summary>Bytes of a slow hash's salt.</summary>
    public const int SaltLength = 16;

    private const string FastPrefix = "1$sha256$";
    private const string SlowPrefix = "1$pbkdf2-sha256$";
    private const int Iterations = 100_000;
    private const int MaxIterations = 10_000_000;

    /// <summary>The text to store for a secret.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="salt">16 random bytes, used only for a weak secret.</param>
    /// <exception cref="ArgumentException">The salt has the wrong length.</exception>
    public static string Create(ClientSecret secret, ReadOnlySpan<byte> salt)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (salt.Length != SaltLength)
        {
            throw new ArgumentException($"A salt has {SaltLength} bytes.", nameof(salt));
        }

        if (secret.IsStrong)
        {
            return FastPrefix + Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(secret.Reveal())));
        }

        var hash = Rfc2898DeriveBytes.Pbkdf2(secret.Reveal(), salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{SlowPrefix}{Iterations}${Base64Url.EncodeToString(salt)}${Base64Url.EncodeToString(hash)}");
    }

    /// <summary>Whether checking against this text costs tens of milliseconds.</summary>
    public static bool IsSlow(string stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        return stored.StartsWith(SlowPrefix, StringComparison.Ordinal);
    }

    /// <summary>Compares in constant time. Text that is not ours, or is damaged, matches nothing.</summary>
    /// <param name="stored">What <see cref="Create"/> made.</param>
    /// <param name="presented">What somebody claims the secret is.</param>
    public static bool Matches(string stored, string presented)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(presented);

        // What could never have been stored needs no hashing: nobody may make us hash a body's worth of text.
        if (!ClientSecret.TryParse(presented, out _))
        {
            return false;
        }

        if (stored.StartsWith(FastPrefix, StringComparison.Ordinal))
        {
            return MatchesFast(stored.AsSpan(FastPrefix.Length), presented);
        }

        return IsSlow(stored) && MatchesSlow(stored[SlowPrefix.Length..].Split('$'), presented);
    }

    private static bool MatchesFast(ReadOnlySpan<char> stored, string presented)
    {
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> text = stackalloc byte[ClientSecret.MaxLength];
        SHA256.HashData(text[..Encoding.ASCII.GetBytes(presented, text)], actual);
        return TryDecode(stored, expected) && CryptographicOperations.FixedTimeEquals(expected, actual);
    }

    private static bool MatchesSlow(string[] parts, string presented)
    {
        var salt = new byte[SaltLength];
        var expected = new byte[SHA256.HashSizeInBytes];
        if (parts.Length != 3
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < 1 or > MaxIterations
            || !TryDecode(parts[1], salt)
            || !TryDecode(parts[2], expected))
        {
            return false;
        }

        var actual = Rfc2898DeriveBytes.Pbkdf2(presented, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return CryptographicOperations.FixedTimeEquals(expected, actual);
    }

    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> exactly) =>
        Base64Url.IsValid(text, out var length)
        && length == exactly.Length
        && Base64Url.TryDecodeFromChars(text, exactly, out var written)
        && written == exactly.Length;
}

using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// What opens registration: an initial access token (RFC 7591 §3), or the registration access token of one client (RFC 7592 §3). It is
/// 256 random bits, so that a plain hash of it may be kept and found by.
/// </summary>
public sealed class RegistrationSecret
{
    /// <summary>Random bytes of one.</summary>
    public const int RandomBytes = 32;

    // 32 bytes in base64url, without padding.
    private const int Length = 43;

    private readonly string _value;

    private RegistrationSecret(string value) => _value = value;

    /// <summary>One that is made of random bytes.</summary>
    /// <exception cref="ArgumentException">Not exactly 32 bytes.</exception>
    public static RegistrationSecret FromRandom(ReadOnlySpan<byte> random) => random.Length == RandomBytes
        ? new(Base64Url.EncodeToString(random))
        : throw new ArgumentException($"A registration secret is made of {RandomBytes} random bytes.", nameof(random));

    /// <summary>Takes what somebody presents. What could not have been made here need not be looked for.</summary>
    public static bool TryParse(string? value, [NotNullWhen(true)] out RegistrationSecret? secret)
    {
        secret = value is { Length: Length } && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? new(value) : null;
        return secret is not null;
    }

    /// <summary>What is stored, and looked for.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(_value));

    /// <summary>The only way out; search this name to audit disclosure.</summary>
    public string Reveal() => _value;

    /// <inheritdoc />
    public override string ToString() => "•••••";
}

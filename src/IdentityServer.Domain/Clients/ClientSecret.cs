using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Domain.Clients;

/// <summary>What a confidential client proves itself with.</summary>
public sealed class ClientSecret
{
    /// <summary>Random bytes of a generated secret: 256 bits.</summary>
    public const int GeneratedBytes = 32;

    /// <summary>The longest secret that is taken.</summary>
    public const int MaxLength = 256;

    private const int StrongLength = 32;
    private const int StrongDistinct = 12;

    private readonly string _value;

    private ClientSecret(string value) => _value = value;

    /// <summary>
    /// Whether guessing it is hopeless however fast it is checked. Generated secrets always are; what people bring along may be a word.
    /// </summary>
    public bool IsStrong => _value.Length >= StrongLength && _value.Distinct().Count() >= StrongDistinct;

    /// <summary>A generated secret, in URL-safe characters that need no escaping in an Authorization header.</summary>
    /// <exception cref="ArgumentException">Not exactly 32 bytes.</exception>
    public static ClientSecret FromRandom(ReadOnlySpan<byte> random)
    {
        return random.Length == GeneratedBytes
            ? new(Base64Url.EncodeToString(random))
            : throw new ArgumentException($"A secret is made of {GeneratedBytes} random bytes.", nameof(random));
    }

    /// <summary>Takes a secret that was made elsewhere.</summary>
    /// <param name="value">Printable ASCII (RFC 6749 appendix A.2), 1 to 256 characters.</param>
    /// <param name="secret">The secret.</param>
    public static bool TryParse(string? value, [NotNullWhen(true)] out ClientSecret? secret)
    {
        secret = value is { Length: > 0 and <= MaxLength } && value.All(c => c is >= ' ' and <= '~') ? new(value) : null;
        return secret is not null;
    }

    /// <summary>The only way out; search this name to audit disclosure.</summary>
    public string Reveal() => _value;

    /// <inheritdoc />
    public override string ToString() => "•••••";
}

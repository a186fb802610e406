using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Domain.Users;

/// <summary>
/// The address of a client's test user. It lies under a domain that never resolves (RFC 6761 §6.4), so that even a mistake of ours could
/// send its mail nowhere; and half of it is random, so that nobody can know it before its owner shows it.
/// </summary>
public sealed class TestAddress
{
    /// <summary>The domain that is kept for test users. No person's account ever has an address under it.</summary>
    public const string Domain = "test-users.invalid";

    /// <summary>Characters of a name at most.</summary>
    public const int LongestName = 40;

    /// <summary>Random bytes that an address is made from.</summary>
    public const int RandomBytes = 8;

    // 32 letters and digits, so that a byte chooses one without bias; none that people mistake for another.
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    private TestAddress(EmailAddress address) => Address = address;

    /// <summary>The address.</summary>
    public EmailAddress Address { get; }

    /// <summary>Makes an address such as <c>buyer.k3v9xq2m@test-users.invalid</c>.</summary>
    /// <param name="name">What its owner calls the user: ASCII letters, digits and dashes, up to <see cref="LongestName"/>; case is dropped.</param>
    /// <param name="random"><see cref="RandomBytes"/> random bytes.</param>
    /// <param name="address">The address, when the name is one.</param>
    public static bool TryCreate(string? name, ReadOnlySpan<byte> random, [NotNullWhen(true)] out TestAddress? address)
    {
        if (random.Length != RandomBytes)
        {
            throw new ArgumentException($"An address takes {RandomBytes} random bytes.", nameof(random));
        }

        address = null;
        if (name is not { Length: > 0 and <= LongestName } || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            return false;
        }

        var suffix = new char[RandomBytes];
        for (var index = 0; index < suffix.Length; index++)
        {
            suffix[index] = Alphabet[random[index] % Alphabet.Length];
        }

        if (EmailAddress.TryParse($"{name.ToLowerInvariant()}.{new string(suffix)}@{Domain}", out var parsed))
        {
            address = new(parsed);
        }

        return address is not null;
    }

    /// <summary>Whether an address lies under the domain of test users, or under a part of it: no other way leads to such an address.</summary>
    public static bool IsReserved(EmailAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return IsReserved(address.Normalized);
    }

    /// <summary>The same for whatever text is to be taken for an address, in any spelling that a look-up takes for one.</summary>
    public static bool IsReserved(string? address)
    {
        var normalized = EmailAddress.Normalize(address);
        var domain = normalized[(normalized.LastIndexOf('@') + 1)..].TrimEnd('.');
        return domain == Domain || domain.EndsWith("." + Domain, StringComparison.Ordinal);
    }

    /// <summary>Hidden, as every address is.</summary>
    public override string ToString() => Address.ToString();
}

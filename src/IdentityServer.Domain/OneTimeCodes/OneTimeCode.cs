using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>The five digits a subject reads in the sign-in e-mail. Text, never a number: leading zeros count.</summary>
public sealed class OneTimeCode
{
    /// <summary>Digits in a code.</summary>
    public const int Length = 5;

    /// <summary>How many different codes there are: 00000 to 99999.</summary>
    public const int Space = 100_000;

    private readonly string _digits;

    private OneTimeCode(string digits) => _digits = digits;

    /// <summary>The code for an index into the code space.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside 0 to 99999.</exception>
    internal static OneTimeCode FromIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Space);
        return new(index.ToString("D5", System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Accepts what people paste: blanks and the separators that mail programs add are ignored.</summary>
    /// <param name="input">What was typed; at most a few dozen characters are looked at.</param>
    /// <param name="code">The code, when five ASCII digits remain.</param>
    /// <returns>False for everything else, digits of other scripts included.</returns>
    public static bool TryParse(string? input, [NotNullWhen(true)] out OneTimeCode? code)
    {
        code = null;
        if (input is null || input.Length > 64)
        {
            return false;
        }

        var digits = string.Concat(input.Where(c => !IsSeparator(c)));
        code = digits.Length == Length && digits.All(char.IsAsciiDigit) ? new(digits) : null;
        return code is not null;
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(OneTimeCode other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(_digits), Encoding.ASCII.GetBytes(other._digits));
    }

    /// <summary>The only way out; search this name to audit disclosure.</summary>
    public string Reveal() => _digits;

    /// <inheritdoc />
    public override string ToString() => "•••••";

    // Zero-width characters ride along when people copy from HTML mail.
    private static bool IsSeparator(char c) => char.IsWhiteSpace(c) || c is '-' or '\u200B' or '\u200C' or '\u200D' or '\u2060' or '\uFEFF';
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace IdentityServer.Domain.Users;

/// <summary>
/// An address that mail can be sent to, and under which one account is found. Stricter than RFC 5322: no quoted local parts, no
/// comments, no address literals; nothing that could end a header or an SMTP command.
/// </summary>
public sealed class EmailAddress
{
    /// <summary>Octets (UTF-8) of an address: the longest that fits an SMTP path (RFC 5321 §4.5.3.1.3).</summary>
    public const int MaxLength = 254;

    private const int MaxLocalPart = 64;
    private const int MaxLabel = 63;
    private const string Specials = "()<>[]:;,\\\"@";

    private EmailAddress(string value, string normalized) => (Value, Normalized) = (value, normalized);

    /// <summary>The address as given, without blanks around it: what mail is sent to.</summary>
    public string Value { get; }

    /// <summary>The form that look-ups and the unique index use; see <see cref="Normalize"/>.</summary>
    public string Normalized { get; }

    /// <summary>Accepts one plain address, <c>name@example.com</c>; blanks around it are ignored.</summary>
    /// <param name="input">What was typed or imported.</param>
    /// <param name="address">The address, when it is one.</param>
    /// <returns>False for everything else.</returns>
    public static bool TryParse(string? input, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;

        // Long input is refused before any work is spent on it; a character is never less than an octet.
        if (input is null || input.Length > 2 * MaxLength)
        {
            return false;
        }

        var value = input.Trim();
        var normalized = Normalize(value);

        // Compatibility forms can turn into an at sign, a blank or a longer text: what is looked up obeys the same rules.
        if (IsWellFormed(value) && IsWellFormed(normalized))
        {
            address = new(value, normalized);
        }

        return address is not null;
    }

    /// <summary>
    /// The form in which addresses are compared: no blanks around it, Unicode NFKC, lower case of the invariant culture. Takes whatever
    /// somebody typed and never fails: what cannot be part of an address becomes U+FFFD, which no account's address contains.
    /// </summary>
    public static string Normalize(string? input)
    {
        var text = Repair((input ?? "").Trim());

        // Twice, because lowering can leave a text that composes further; a form must be its own form.
        return text.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Normalize(NormalizationForm.FormKC).Trim();
    }

    /// <summary>Hidden, so that an address does not slip into a log; say <see cref="Value"/> where it is meant.</summary>
    public override string ToString() => "•••@•••";

    private static string Repair(string text)
    {
        var repaired = new StringBuilder(Math.Min(text.Length, 4 * MaxLength));

        // Lone surrogates come out as U+FFFD, and so must what is no character at all: normalising fails on it. Controls would be refused by PostgreSQL (NUL) or could end a line.
        foreach (var rune in text.EnumerateRunes())
        {
            if (repaired.Length >= 4 * MaxLength)
            {
                break;
            }

            repaired.Append(Rune.IsControl(rune) || rune.Value is 0xFFFE or 0xFFFF ? Rune.ReplacementChar : rune);
        }

        return repaired.ToString();
    }

    private static bool IsWellFormed(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0
            && Encoding.UTF8.GetByteCount(text) <= MaxLength
            && Encoding.UTF8.GetByteCount(text.AsSpan(0, at)) <= MaxLocalPart
            && IsLocalPart(text[..at])
            && IsDomain(text[(at + 1)..]);
    }

    private static bool IsLocalPart(string text) =>
        text.Split('.').All(atom => atom.Length > 0 && atom.EnumerateRunes().All(IsAtomCharacter));

    private static bool IsDomain(string text) =>
        text.Split('.').All(label => label.Length is > 0 and <= MaxLabel
            && label[0] != '-' && label[^1] != '-' && label.EnumerateRunes().All(IsLabelCharacter));

    private static bool IsAtomCharacter(Rune rune) =>
        rune != Rune.ReplacementChar && !(rune.IsAscii && Specials.Contains((char)rune.Value, StringComparison.Ordinal))
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    // Marks belong to letters in many scripts (internationalised domain names, RFC 5890).
    private static bool IsLabelCharacter(Rune rune) =>
        rune.IsAscii
            ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value == '-'
            : Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}

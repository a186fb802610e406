using System.Text;

namespace IdentityServer.Domain.Users;

/// <summary>Whether a password may be chosen.</summary>
public abstract record PasswordCheck
{
    private PasswordCheck()
    {
    }

    /// <summary>It may.</summary>
    public sealed record Fine : PasswordCheck;

    /// <summary>Fewer characters than <see cref="PasswordRules.MinLength"/>.</summary>
    public sealed record TooShort : PasswordCheck;

    /// <summary>More characters than <see cref="PasswordRules.MaxLength"/>.</summary>
    public sealed record TooLong : PasswordCheck;

    /// <summary>One of the first that somebody guesses.</summary>
    public sealed record TooCommon : PasswordCheck;

    /// <summary>Half of a surrogate pair: not text, and no keyboard could repeat it.</summary>
    public sealed record NotText : PasswordCheck;
}

/// <summary>
/// What a new password must be: 12 to 256 characters and none of the common ones. No rules of composition (NIST SP 800-63B §3.1.1.2):
/// they make people write Password2026! and feel safe.
/// </summary>
public static class PasswordRules
{
    /// <summary>Characters (Unicode code points) that a password has at least.</summary>
    public const int MinLength = 12;

    /// <summary>Characters (Unicode code points) that a password has at most.</summary>
    public const int MaxLength = 256;

    /// <summary>Judges a password that somebody wants to use from now on. Existing passwords are never judged.</summary>
    public static PasswordCheck Check(string password)
    {
        ArgumentNullException.ThrowIfNull(password);

        // Before normalising, which a form of compatibility characters can lengthen eighteenfold.
        if (password.Length > 2 * MaxLength)
        {
            return new PasswordCheck.TooLong();
        }

        if (!IsText(password))
        {
            return new PasswordCheck.NotText();
        }

        var normalized = Normalize(password);
        return normalized.EnumerateRunes().Count() switch
        {
            < MinLength => new PasswordCheck.TooShort(),
            > MaxLength => new PasswordCheck.TooLong(),
            _ => CommonPasswords.Contain(normalized) ? new PasswordCheck.TooCommon() : new PasswordCheck.Fine(),
        };
    }

    /// <summary>
    /// The form that is hashed: Unicode NFKC, because keyboards compose the same letters differently (NIST SP 800-63B §3.1.1.2, RFC 8265
    /// gives the reasons). Blanks and case count. What is not text stays as it is.
    /// </summary>
    public static string Normalize(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return IsText(password) ? password.Normalize(NormalizationForm.FormKC) : password;
    }

    /// <summary>
    /// False for half a surrogate pair and for what Unicode keeps from being a character: no keyboard sends it, and libraries differ about it.
    /// </summary>
    public static bool IsText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] is '\uFFFE' or '\uFFFF')
            {
                return false; // no character, and normalising fails on it
            }

            if (char.IsSurrogate(text[index]) && !(index + 1 < text.Length && char.IsSurrogatePair(text[index], text[++index])))
            {
                return false;
            }
        }

        return true;
    }
}

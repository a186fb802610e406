using System.Globalization;

namespace IdentityServer.Domain.SignIn;

/// <summary>The parameter <c>max_age</c> (OpenID Connect Core §3.1.2.1): how many seconds ago a person may have signed in.</summary>
public static class MaxAge
{
    /// <summary>What any longer time counts as: no session is that old, and more would not fit a span of time.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Reads whole seconds, as many digits as there are; signs, fractions and anything else are refused.</summary>
    public static bool TryRead(string? text, out TimeSpan age)
    {
        age = default;
        if (string.IsNullOrEmpty(text) || !text.All(char.IsAsciiDigit))
        {
            return false;
        }

        age = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < Longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : Longest;
        return true;
    }
}

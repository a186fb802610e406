using System.Diagnostics;
using IdentityServer.Domain.Users;

namespace IdentityServer.Maintenance;

/// <summary>Says why a password may not be chosen.</summary>
internal static class PasswordText
{
    /// <summary>The rest of a sentence about the password; null when it may be chosen.</summary>
    public static string? Problem(string password) => PasswordRules.Check(password) switch
    {
        PasswordCheck.Fine => null,
        PasswordCheck.TooShort => $"has fewer than {PasswordRules.MinLength} characters; give a longer one",
        PasswordCheck.TooLong => $"has more than {PasswordRules.MaxLength} characters; give a shorter one",
        PasswordCheck.TooCommon => "is among the first that are guessed; give another",
        PasswordCheck.NotText => "is not well-formed Unicode; give another",
        var other => throw new UnreachableException($"Unmapped check {other}."),
    };
}

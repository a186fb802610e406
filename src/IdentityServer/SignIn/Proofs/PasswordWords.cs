using System.Diagnostics;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;

namespace IdentityServer.SignIn.Proofs;

/// <summary>What is said of a password that somebody wants to use.</summary>
internal static class PasswordWords
{
    /// <summary>What is wrong with it and what to do; null when it may be used.</summary>
    public static string? Problem(Words words, string? password) => PasswordRules.Check(password ?? "") switch
    {
        PasswordCheck.Fine => null,
        PasswordCheck.TooShort => words.Say("password.too-short", ("least", PasswordRules.MinLength)),
        PasswordCheck.TooLong => words.Say("password.too-long", ("most", PasswordRules.MaxLength)),
        PasswordCheck.TooCommon => words["password.too-common"],
        PasswordCheck.NotText => words["password.not-text"],
        var other => throw new UnreachableException($"Unmapped verdict {other}."),
    };
}

namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>What a one-time code is for. A code of one purpose is void for every other: only <see cref="SignIn"/> ever opens a session.</summary>
public static class OtpPurpose
{
    /// <summary>The second step of a sign-in.</summary>
    public const string SignIn = "sign-in";

    /// <summary>Proves the address of an account to be made.</summary>
    public const string SignUp = "sign-up";

    /// <summary>Proves the mailbox of an account whose password is to be chosen anew.</summary>
    public const string Reset = "reset";

    /// <summary>Proves the address that an account is to have from now on.</summary>
    public const string NewAddress = "new-address";

    /// <summary>The second step before an account is deleted.</summary>
    public const string Deletion = "deletion";
}

namespace IdentityServer.SignIn;

/// <summary>Why somebody is on the sign-in page: what the query says, and the page then puts into words.</summary>
internal static class SignInReason
{
    /// <summary>A code was void.</summary>
    public const string CodeVoid = "code-void";

    /// <summary>The app expects another account than the one that is signed in.</summary>
    public const string OtherAccount = "other-account";

    /// <summary>A new password was chosen.</summary>
    public const string PasswordChanged = "password-changed";

    /// <summary>An account was made.</summary>
    public const string AccountMade = "account-made";

    /// <summary>The last sign-in is too long ago for what is wanted.</summary>
    public const string Stale = "stale";

    /// <summary>The account is gone.</summary>
    public const string AccountDeleted = "account-deleted";
}

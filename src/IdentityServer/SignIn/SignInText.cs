using System.Globalization;

namespace IdentityServer.SignIn;

/// <summary>The words of this room's pages, in one place.</summary>
internal static class SignInText
{
    public const string WrongPassword = "Address or password is not right. Check both and try again.";
    public const string BothNeeded = "Enter your e-mail address and your password.";
    public const string CodeVoid = "That code is no longer valid, or the sign-in was started elsewhere. Please sign in again.";
    public const string OtherAccount = "The app asks for another account than the one that is signed in here: sign in with the account that you use there.";
    public const string CodeMalformed = "A code has five digits. Check the mail and enter all five; nothing was counted.";
    public const string Overloaded = "The server is busy just now.";
    public const string TooManyAttempts = "Too many attempts.";
    public const string Resent = "The mail with the same code is on its way again.";
    public const string ResendSpent = "This code has been mailed three times. Start over to get a new one.";
    public const string TooManyMails = "This account has been sent many codes lately.";
    public const string ResetNeeded =
        "Too many wrong codes were entered for this account. To protect it, signing in needs a password reset. " +
        "Ask the operator of this service to confirm who you are and reset the limit.";

    /// <summary>Says how many tries are left.</summary>
    public static string CodeWrong(int left) => left == 1
        ? "That code is not right. You have one more try."
        : string.Create(CultureInfo.InvariantCulture, $"That code is not right. You have {left} more tries.");

    /// <summary>Adds when to try again, in words.</summary>
    public static string TryAgainIn(string what, TimeSpan wait) => $"{what} Try again in {Span(wait)}.";

    /// <summary>A span in words, rounded up: seconds under two minutes, then minutes, then hours.</summary>
    public static string Span(TimeSpan span)
    {
        var (count, unit) = span switch
        {
            { TotalSeconds: < 120 } => ((int)Math.Ceiling(Math.Max(1, span.TotalSeconds)), "second"),
            { TotalMinutes: < 120 } => ((int)Math.Ceiling(span.TotalMinutes), "minute"),
            _ => ((int)Math.Ceiling(span.TotalHours), "hour"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
    }
}

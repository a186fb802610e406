using System.Globalization;

namespace IdentityServer.Mail;

/// <summary>Every word that mails say, in English. One place, so that another language is another such class.</summary>
internal static class MailWords
{
    public const string Language = "en";

    public const string YourCode = "Your sign-in code is:";
    public const string SigningInTo = "Signing in to";
    public const string RequestedAt = "Requested";
    public const string HappenedAt = "When";
    public const string Browser = "Browser";
    public const string Network = "Network";
    public const string Reference = "Reference";
    public const string SameReference = "the sign-in page shows the same";

    public static string CodeSubject(string product, DateTimeOffset requestedAt) => $"{product} sign-in code, requested {Time(requestedAt)}";

    public static string CodeExpires(DateTimeOffset expiresAt) =>
        $"It expires at {Moment(expiresAt)}. It works once, in the browser that asked for it.";

    public static string NeverAskedFor(string host) => $"We never ask you for this code. Enter it only at {host}.";

    public static string NotYou(string host) => $"Not you? Then someone knows your password. Change it at {host}.";

    public static string WrongCodeSubject(string product, DateTimeOffset at) => $"{product}: wrong sign-in code after your password, {Time(at)}";

    public const string WrongCode = "Someone gave your password and then a wrong sign-in code. Access was not granted.";

    public const string WrongCodeYou = "If it was you, perhaps with a code from an older mail, there is nothing to do.";

    public static string BudgetSubject(string product, DateTimeOffset at) => $"{product}: sign-in stopped after wrong codes, {Time(at)}";

    public const string Budget =
        "Too many wrong sign-in codes were given for your account, each after the right password. "
        + "Until the password has been reset, nobody can sign in with it; where you are signed in already, you stay signed in.";

    public static string BudgetMend(string host) =>
        $"Ask the operator of {host} to reset it; they will want to know that it is you. If it was not you who gave the codes, someone knows the present password: choose a new one that you use nowhere else.";

    public static string Moment(DateTimeOffset moment) =>
        moment.ToUniversalTime().ToString("HH':'mm 'UTC on' d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset moment) => moment.ToUniversalTime().ToString("HH':'mm 'UTC'", CultureInfo.InvariantCulture);
}

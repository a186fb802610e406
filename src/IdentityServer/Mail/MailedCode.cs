using System.Text.RegularExpressions;

namespace IdentityServer.Mail;

/// <summary>Finds the one-time code in a mail of ours, so that no program has to take mails apart.</summary>
internal static partial class MailedCode
{
    /// <summary>The line of the text that is nothing but five digits; null when the mail has none.</summary>
    public static string? In(string text) => Line().Match(text) is { Success: true } match ? match.Value : null;

    [GeneratedRegex(@"^[0-9]{5}(?=\r?$)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}

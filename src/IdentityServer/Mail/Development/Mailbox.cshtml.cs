using System.Globalization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Mail.Development;

/// <summary>The mails that this server would have sent, newest first. Its route exists only where there is a development mailbox.</summary>
internal sealed class MailboxModel(DevelopmentMailbox mailbox) : PageModel
{
    public IReadOnlyList<DevelopmentMail> Mails { get; } = mailbox.Mails;

    public static string TimeOf(DevelopmentMail mail) => mail.Date.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string DateOf(DevelopmentMail mail) => mail.Date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

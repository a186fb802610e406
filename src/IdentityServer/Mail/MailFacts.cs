namespace IdentityServer.Mail;

/// <summary>The longest that each fact is shown in a mail, in characters. Longer is cut: facts partly come from outside.</summary>
internal static class MailFacts
{
    public const int MaxProduct = 60;
    public const int MaxBrowser = 100;
    public const int MaxNetwork = 64;
    public const int MaxReference = 16;
    public const int MaxHost = 260;
    public const int MaxAbout = 60;
}

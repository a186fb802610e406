namespace IdentityServer.Mail;

/// <summary>What a mail that warns of a security matter tells.</summary>
/// <param name="Product">What this service calls itself.</param>
/// <param name="At">When it happened.</param>
/// <param name="Browser">Browser and operating system in words, if known.</param>
/// <param name="Network">The approximate network, if known.</param>
/// <param name="Host">Where to act: the configured issuer's host.</param>
internal sealed record AlertMailFacts(string Product, DateTimeOffset At, string? Browser, string? Network, string Host);

/// <summary>The mails that warn an account's owner.</summary>
internal static class AlertMail
{
    /// <summary>A wrong code came after the right password: a sign of a stolen password.</summary>
    public static MailText WrongCodeAfterRightPassword(AlertMailFacts facts) =>
        Circumstances(new MailSheet(MailWords.Language).Say(MailWords.WrongCode), facts)
            .Say(MailWords.WrongCodeYou)
            .Say(MailWords.NotYou(Host(facts)))
            .Under(MailWords.WrongCodeSubject(Product(facts), facts.At));

    /// <summary>The account's guess budget is used up: signing in needs a password reset.</summary>
    public static MailText GuessBudgetExhausted(AlertMailFacts facts) =>
        Circumstances(new MailSheet(MailWords.Language).Say(MailWords.Budget), facts)
            .Say(MailWords.BudgetMend(Host(facts)))
            .Under(MailWords.BudgetSubject(Product(facts), facts.At));

    private static MailSheet Circumstances(MailSheet sheet, AlertMailFacts facts) => sheet.List(
        (MailWords.HappenedAt, MailWords.Moment(facts.At)),
        (MailWords.Browser, OneLine.Of(facts.Browser, MailFacts.MaxBrowser)),
        (MailWords.Network, OneLine.Of(facts.Network, MailFacts.MaxNetwork)));

    private static string Host(AlertMailFacts facts) => OneLine.Of(facts.Host, MailFacts.MaxHost);

    private static string Product(AlertMailFacts facts) => OneLine.Of(facts.Product, MailFacts.MaxProduct);
}

using IdentityServer.Languages;

namespace IdentityServer.Mail;

/// <summary>What a mail that warns of a security matter tells.</summary>
/// <param name="Product">What this service calls itself.</param>
/// <param name="At">When it happened.</param>
/// <param name="Browser">Browser and operating system in words, if known.</param>
/// <param name="Network">The approximate network, if known.</param>
/// <param name="Host">Where to act: the configured issuer's host.</param>
internal sealed record AlertMailFacts(string Product, DateTimeOffset At, string? Browser, string? Network, string Host);

/// <summary>The mails that warn an account's owner. Each says when, from which browser and which network; none has a link.</summary>
internal static class AlertMail
{
    /// <summary>A wrong code came after the right password: a sign of a stolen password.</summary>
    public static MailText WrongCodeAfterRightPassword(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.wrong-code.lead")
            .Say(words["mail.wrong-code.you"])
            .Say(words.Say("mail.code.not-you", Host(facts)))
            .Under(Subject(words, facts, "mail.wrong-code.subject"));

    /// <summary>The account's guess budget is used up: signing in needs a password reset.</summary>
    public static MailText GuessBudgetExhausted(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.budget.lead")
            .Say(words.Say("mail.budget.mend", Host(facts)))
            .Under(Subject(words, facts, "mail.budget.subject"));

    /// <summary>Somebody wanted to make an account with an address that has one.</summary>
    public static MailText AddressTaken(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-taken.lead")
            .Say(words.Say("mail.address-taken.mend", Host(facts)))
            .Under(Subject(words, facts, "mail.address-taken.subject"));

    /// <summary>The password was changed.</summary>
    public static MailText PasswordChanged(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.password-changed.lead")
            .Say(words["mail.password-changed.sessions"])
            .Say(words.Say("mail.password-changed.not-you", Host(facts)))
            .Under(Subject(words, facts, "mail.password-changed.subject"));

    private static MailSheet Circumstances(Words words, AlertMailFacts facts, string lead) =>
        new MailSheet(words.Language).Say(words[lead]).List(
            (words["mail.when"], words.Moment(facts.At)),
            (words["mail.browser"], OneLine.Of(facts.Browser, MailFacts.MaxBrowser)),
            (words["mail.network"], OneLine.Of(facts.Network, MailFacts.MaxNetwork)));

    private static string Subject(Words words, AlertMailFacts facts, string key) =>
        words.Say(key, ("product", OneLine.Of(facts.Product, MailFacts.MaxProduct)), ("time", words.Clock(facts.At)));

    private static (string Name, object Value) Host(AlertMailFacts facts) => ("host", OneLine.Of(facts.Host, MailFacts.MaxHost));
}

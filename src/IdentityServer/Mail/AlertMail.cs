using IdentityServer.Languages;

namespace IdentityServer.Mail;

/// <summary>What a mail that warns of a security matter tells.</summary>
/// <param name="Product">What this service calls itself.</param>
/// <param name="At">When it happened.</param>
/// <param name="Browser">Browser and operating system in words, if known.</param>
/// <param name="Network">The approximate network, if known.</param>
/// <param name="Host">Where to act: the configured issuer's host.</param>
/// <param name="About">The other address, shortened, or the application; for the mails that name one.</param>
/// <param name="Until">Until when it can be undone; for the mails that say so.</param>
internal sealed record AlertMailFacts(
    string Product, DateTimeOffset At, string? Browser, string? Network, string Host, string? About = null, DateTimeOffset Until = default);

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

    /// <summary>Somebody wanted to give another account an address that has one.</summary>
    public static MailText AddressWanted(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-wanted.lead")
            .Say(words["mail.address-wanted.mend"])
            .Under(Subject(words, facts, "mail.address-wanted.subject"));

    /// <summary>Somebody wanted an address that the account may have back.</summary>
    public static MailText AddressReserved(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-reserved.lead")
            .Say(words.Say("mail.address-reserved.you", ("moment", words.Moment(facts.Until))))
            .Say(words.Say("mail.address-changed.not-you", Host(facts), ("moment", words.Moment(facts.Until))))
            .Under(Subject(words, facts, "mail.address-wanted.subject"));

    /// <summary>Another address was asked for: to the one that the account has.</summary>
    public static MailText AddressChangeAsked(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-asked.lead", (words["mail.new-address"], About(facts)))
            .Say(words["mail.address-asked.you"])
            .Say(words.Say("mail.address-asked.not-you", Host(facts)))
            .Under(Subject(words, facts, "mail.address-asked.subject"));

    /// <summary>The account has another address: to the one that it had.</summary>
    public static MailText AddressChanged(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-changed.lead", (words["mail.new-address"], About(facts)))
            .Say(words.Say("mail.address-changed.not-you", Host(facts), ("moment", words.Moment(facts.Until))))
            .Under(Subject(words, facts, "mail.address-changed.subject"));

    /// <summary>The account has this address from now on.</summary>
    public static MailText AddressConfirmed(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-confirmed.lead", (words["mail.old-address"], About(facts)))
            .Say(words.Say("mail.address-confirmed.effect", Host(facts)))
            .Under(Subject(words, facts, "mail.address-confirmed.subject"));

    /// <summary>The account went back to the address that it had: to the one that loses it.</summary>
    public static MailText AddressRestored(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-restored.lead", (words["mail.old-address"], About(facts)))
            .Say(words["mail.address-restored.mend"])
            .Under(Subject(words, facts, "mail.address-restored.subject"));

    /// <summary>The operator gave the account another address: to both.</summary>
    public static MailText AddressRebound(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.address-rebound.lead", (words["mail.new-address"], About(facts)))
            .Say(words["mail.address-rebound.effect"])
            .Say(words["mail.address-restored.mend"])
            .Under(Subject(words, facts, "mail.address-changed.subject"));

    /// <summary>A sign-in from a browser that was not seen before.</summary>
    public static MailText NewBrowser(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.new-browser.lead")
            .Say(words["mail.new-browser.you"])
            .Say(words.Say("mail.password-changed.not-you", Host(facts)))
            .Under(Subject(words, facts, "mail.new-browser.subject"));

    /// <summary>An application may see something from now on.</summary>
    /// <param name="words">The language.</param>
    /// <param name="facts">Names the application where the operator vouches for the name: nobody else writes into our mail.</param>
    public static MailText AppConnected(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.app.lead", (words["mail.app"], About(facts)))
            .Say(words.Say(facts.About is null ? "mail.app.unverified" : "mail.app.mend", Host(facts)))
            .Under(Subject(words, facts, "mail.app.subject"));

    /// <summary>The account is gone.</summary>
    public static MailText AccountDeleted(Words words, AlertMailFacts facts) =>
        Circumstances(words, facts, "mail.deleted.lead")
            .Say(words["mail.deleted.effect"])
            .Under(Subject(words, facts, "mail.deleted.subject"));

    private static MailSheet Circumstances(Words words, AlertMailFacts facts, string lead, params ReadOnlySpan<(string Label, string? Value)> first) =>
        new MailSheet(words.Language).Say(words[lead]).List([
            .. first,
            (words["mail.when"], words.Moment(facts.At)),
            (words["mail.browser"], OneLine.Of(facts.Browser, MailFacts.MaxBrowser)),
            (words["mail.network"], OneLine.Of(facts.Network, MailFacts.MaxNetwork))]);

    private static string Subject(Words words, AlertMailFacts facts, string key) =>
        words.Say(key, ("product", OneLine.Of(facts.Product, MailFacts.MaxProduct)), ("time", words.Clock(facts.At)));

    private static string About(AlertMailFacts facts) => OneLine.Of(facts.About, MailFacts.MaxAbout);

    private static (string Name, object Value) Host(AlertMailFacts facts) => ("host", OneLine.Of(facts.Host, MailFacts.MaxHost));
}

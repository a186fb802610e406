using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;

namespace IdentityServer.Mail;

/// <summary>What the mail with a one-time code tells.</summary>
/// <param name="Product">What this service calls itself.</param>
/// <param name="Code">The code.</param>
/// <param name="RequestedAt">When the code was first asked for.</param>
/// <param name="ExpiresAt">From this moment the code is void.</param>
/// <param name="ClientName">The client's name, for verified clients only; null leaves it out. At most 40 characters are shown.</param>
/// <param name="Browser">Browser and operating system in words, if known.</param>
/// <param name="Network">The approximate network, if known.</param>
/// <param name="Reference">The short word that the page shows too.</param>
/// <param name="Host">The only place to enter the code: the configured issuer's host, never one that a request named.</param>
internal sealed record CodeMailFacts(
    string Product, OneTimeCode Code, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt,
    string? ClientName, string? Browser, string? Network, string Reference, string Host);

/// <summary>The mails with a one-time code. Each says what the code is for, so that none can be talked out of somebody as another.</summary>
internal static class CodeMail
{
    /// <summary>The longest client name that is shown; more would let a name tell a story of its own.</summary>
    public const int MaxClientName = 40;

    /// <summary>The code of a sign-in.</summary>
    public static MailText ForSignIn(Words words, CodeMailFacts facts) => Write(words, facts, "mail.code", "mail.code.same-reference");

    /// <summary>The code that confirms the address of an account to be made.</summary>
    public static MailText ForSignUp(Words words, CodeMailFacts facts) => Write(words, facts, "mail.sign-up", "mail.page-reference");

    /// <summary>The code with which a new password is chosen.</summary>
    public static MailText ForReset(Words words, CodeMailFacts facts) => Write(words, facts, "mail.reset", "mail.page-reference");

    /// <summary>The code with which a new password is chosen, and the account goes back to the address that it had.</summary>
    public static MailText ForRestore(Words words, CodeMailFacts facts) => Write(words, facts, "mail.restore", "mail.page-reference");

    /// <summary>The code that proves the address that an account is to have.</summary>
    public static MailText ForNewAddress(Words words, CodeMailFacts facts) => Write(words, facts, "mail.new-address-code", "mail.page-reference");

    /// <summary>The code with which an account is deleted.</summary>
    public static MailText ForDeletion(Words words, CodeMailFacts facts) => Write(words, facts, "mail.deletion-code", "mail.page-reference");

    private static MailText Write(Words words, CodeMailFacts facts, string purpose, string reference)
    {
        var host = ("host", (object)OneLine.Of(facts.Host, MailFacts.MaxHost));
        return new MailSheet(words.Language)
            .Say(words[$"{purpose}.lead"])
            .Show(facts.Code.Reveal())
            .Say(words.Say("mail.code.expires", ("moment", words.Moment(facts.ExpiresAt))))
            .List(
                (words["mail.client"], OneLine.Of(facts.ClientName, MaxClientName)),
                (words["mail.requested"], words.Moment(facts.RequestedAt)),
                (words["mail.browser"], OneLine.Of(facts.Browser, MailFacts.MaxBrowser)),
                (words["mail.network"], OneLine.Of(facts.Network, MailFacts.MaxNetwork)),
                (words["mail.reference"], words.Say(reference, ("reference", OneLine.Of(facts.Reference, MailFacts.MaxReference)))))
            .Say(words.Say("mail.only-at", host))
            .Say(words.Say($"{purpose}.not-you", host))
            .Under(words.Say(
                $"{purpose}.subject", ("product", OneLine.Of(facts.Product, MailFacts.MaxProduct)), ("time", words.Clock(facts.RequestedAt))));
    }
}

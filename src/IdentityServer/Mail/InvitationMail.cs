using IdentityServer.Languages;

namespace IdentityServer.Mail;

/// <summary>The mail that tells somebody of an invitation to manage an application. It has no link, and nothing in it that a stranger wrote.</summary>
internal static class InvitationMail
{
    /// <summary>Writes it.</summary>
    /// <param name="words">The language.</param>
    /// <param name="product">What this service calls itself.</param>
    /// <param name="host">Where to go: the configured issuer's host.</param>
    /// <param name="until">Until when the invitation can be taken.</param>
    public static MailText Write(Words words, string product, string host, DateTimeOffset until) =>
        new MailSheet(words.Language)
            .Say(words.Say("mail.invitation.lead", ("product", OneLine.Of(product, MailFacts.MaxProduct))))
            .Say(words.Say("mail.invitation.how", ("host", OneLine.Of(host, MailFacts.MaxHost)), ("moment", words.Moment(until))))
            .Say(words["mail.invitation.not-you"])
            .Under(words.Say("mail.invitation.subject", ("product", OneLine.Of(product, MailFacts.MaxProduct))));
}

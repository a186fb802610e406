using IdentityServer.Domain.OneTimeCodes;

namespace IdentityServer.Mail;

/// <summary>What the mail with a sign-in code tells.</summary>
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

/// <summary>The mail with the sign-in code.</summary>
internal static class CodeMail
{
    /// <summary>The longest client name that is shown; more would let a name tell a story of its own.</summary>
    public const int MaxClientName = 40;

    public static MailText Write(CodeMailFacts facts)
    {
        var host = OneLine.Of(facts.Host, MailFacts.MaxHost);
        return new MailSheet(MailWords.Language)
            .Say(MailWords.YourCode)
            .Show(facts.Code.Reveal())
            .Say(MailWords.CodeExpires(facts.ExpiresAt))
            .List(
                (MailWords.SigningInTo, OneLine.Of(facts.ClientName, MaxClientName)),
                (MailWords.RequestedAt, MailWords.Moment(facts.RequestedAt)),
                (MailWords.Browser, OneLine.Of(facts.Browser, MailFacts.MaxBrowser)),
                (MailWords.Network, OneLine.Of(facts.Network, MailFacts.MaxNetwork)),
                (MailWords.Reference, $"{OneLine.Of(facts.Reference, MailFacts.MaxReference)} ({MailWords.SameReference})"))
            .Say(MailWords.NeverAskedFor(host))
            .Say(MailWords.NotYou(host))
            .Under(MailWords.CodeSubject(OneLine.Of(facts.Product, MailFacts.MaxProduct), facts.RequestedAt));
    }
}

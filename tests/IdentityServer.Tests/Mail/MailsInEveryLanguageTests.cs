using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Mail;

/// <summary>Every mail in every language, as a person has read and kept it.</summary>
public sealed class MailsInEveryLanguageTests
{
    public static TheoryData<string> Tags => [.. SupportedLanguages.All.Select(language => language.Tag)];

    [Theory]
    [MemberData(nameof(Tags))]
    public void The_mails_of_a_language_read_as_a_person_has_approved(string tag)
    {
        var kept = new StringBuilder();
        foreach (var mail in Mails(Words.In(tag)))
        {
            kept.Append("=== ").Append(mail.Subject).Append(" ===\n\n").Append(mail.Text).Append("\n--- HTML ---\n").Append(mail.Html).Append('\n');
        }

        Snapshot.ShouldMatch($"Mail/Snapshots/all.{tag}.txt", kept.ToString());
    }

    [Theory]
    [MemberData(nameof(Tags))]
    public void No_mail_of_any_language_has_a_link_or_a_second_run_of_five_digits(string tag)
    {
        foreach (var mail in Mails(Words.In(tag)))
        {
            var document = new HtmlParser().ParseDocument(mail.Html);
            document.QuerySelectorAll("a, img, link, script, iframe, form, object, video, audio, base, svg, style").ShouldBeEmpty();
            (mail.Text + mail.Html).ShouldNotContain("://");
            Regex.Count(mail.Text, "[0-9]{5,}").ShouldBeLessThanOrEqualTo(1);
            Regex.Count(mail.Html, "[0-9]{5,}").ShouldBeLessThanOrEqualTo(1);
            mail.Subject.ShouldNotMatch("[0-9]{5}");
            mail.Subject.Length.ShouldBeLessThan(100);
        }
    }

    private static MailText[] Mails(Words words) =>
    [
        CodeMail.ForSignIn(words, MailTexts.Code()),
        CodeMail.ForSignUp(words, MailTexts.Code() with { ClientName = null }),
        CodeMail.ForReset(words, MailTexts.Code() with { ClientName = null }),
        AlertMail.WrongCodeAfterRightPassword(words, MailTexts.Alert()),
        AlertMail.GuessBudgetExhausted(words, MailTexts.Alert()),
        AlertMail.AddressTaken(words, MailTexts.Alert()),
        AlertMail.PasswordChanged(words, MailTexts.Alert()),
        CodeMail.ForRestore(words, MailTexts.Code() with { ClientName = null }),
        CodeMail.ForNewAddress(words, MailTexts.Code() with { ClientName = null }),
        CodeMail.ForDeletion(words, MailTexts.Code() with { ClientName = null }),
        AlertMail.AddressReserved(words, MailTexts.Alert() with { Until = MailTexts.Requested.AddDays(2) }),
        AlertMail.AddressWanted(words, MailTexts.Alert()),
        AlertMail.AddressChangeAsked(words, MailTexts.Alert() with { About = "n•••@example.org" }),
        AlertMail.AddressChanged(words, MailTexts.Alert() with { About = "n•••@example.org", Until = MailTexts.Requested.AddDays(3) }),
        AlertMail.AddressConfirmed(words, MailTexts.Alert() with { About = "a•••@example.com" }),
        AlertMail.AddressRestored(words, MailTexts.Alert() with { About = "a•••@example.com" }),
        AlertMail.AddressRebound(words, MailTexts.Alert() with { Browser = null, Network = null, About = "n•••@example.org" }),
        AlertMail.NewBrowser(words, MailTexts.Alert()),
        AlertMail.AppConnected(words, MailTexts.Alert() with { About = "Tea Party" }),
        AlertMail.AppConnected(words, MailTexts.Alert()),
        AlertMail.AccountDeleted(words, MailTexts.Alert()),
    ];
}

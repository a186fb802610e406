using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using IdentityServer.Mail;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Mail;

public sealed class CodeMailTests
{
    private static readonly IdentityServer.Languages.Words English = IdentityServer.Languages.Words.In("en");

    [Fact]
    public void The_code_mail_reads_as_a_person_has_approved()
    {
        var mail = CodeMail.ForSignIn(English, MailTexts.Code());

        mail.Subject.ShouldBe("Example sign-in code, requested 14:03 UTC");
        Snapshot.ShouldMatch("Mail/Snapshots/code.txt", mail.Text);
        Snapshot.ShouldMatch("Mail/Snapshots/code.html", mail.Html);
    }

    [Fact]
    public void The_code_mail_leaves_out_what_is_not_known()
    {
        var mail = CodeMail.ForSignIn(English, MailTexts.Code() with { ClientName = null, Browser = null, Network = "" });

        Snapshot.ShouldMatch("Mail/Snapshots/code-bare.txt", mail.Text);
        mail.Html.ShouldNotContain("Signing in to");
    }

    [Fact]
    public void The_alerts_read_as_a_person_has_approved()
    {
        var wrong = AlertMail.WrongCodeAfterRightPassword(English, MailTexts.Alert());
        var stopped = AlertMail.GuessBudgetExhausted(English, MailTexts.Alert());

        wrong.Subject.ShouldBe("Example: wrong sign-in code after your password, 14:03 UTC");
        Snapshot.ShouldMatch("Mail/Snapshots/wrong-code.txt", wrong.Text);
        stopped.Subject.ShouldBe("Example: sign-in stopped after wrong codes, 14:03 UTC");
        Snapshot.ShouldMatch("Mail/Snapshots/budget-exhausted.txt", stopped.Text);
    }

    [Theory]
    [MemberData(nameof(AllMails))]
    public void Both_parts_say_the_same(string text, string html)
    {
        var body = new HtmlParser().ParseDocument(html).Body!;

        Words(body.TextContent).ShouldBe(Words(text));
    }

    [Theory]
    [MemberData(nameof(AllMails))]
    public void No_mail_holds_a_link_or_anything_to_fetch(string text, string html)
    {
        var document = new HtmlParser().ParseDocument(html);

        document.QuerySelectorAll("a, img, link, script, iframe, form, object, video, audio, base, svg, style").ShouldBeEmpty();
        document.All.SelectMany(element => element.Attributes).Select(attribute => attribute.Name)
            .ShouldBeSubsetOf(["lang", "dir", "charset", "name", "content", "style"]);
        (text + html).ShouldNotContain("://");
        html.ShouldNotContain("url(");
        html.ShouldNotContain("@import");
    }

    [Fact]
    public void The_code_is_one_unbroken_run_and_the_only_five_digits_in_the_mail()
    {
        var mail = CodeMail.ForSignIn(English, MailTexts.Code("90210"));

        Regex.Matches(mail.Text, "[0-9]{5,}").Select(match => match.Value).ShouldBe(["90210"]);
        Regex.Matches(mail.Html, "[0-9]{5,}").Select(match => match.Value).ShouldBe(["90210"]);
        mail.Text.Split('\n').ShouldContain("90210");
        mail.Subject.ShouldNotContain("90210");
    }

    [Fact]
    public void A_code_keeps_its_leading_zeros() => CodeMail.ForSignIn(English, MailTexts.Code("00000")).Text.Split('\n').ShouldContain("00000");

    [Fact]
    public void A_client_name_is_shown_as_text_and_cut_at_40_characters()
    {
        var mail = CodeMail.ForSignIn(English, MailTexts.Code() with { ClientName = "<img src=x>" + new string('n', 60) });

        mail.Text.ShouldContain("Signing in to: <img src=x>" + new string('n', 29) + "\n");
        mail.Html.ShouldNotContain("<img");
        new HtmlParser().ParseDocument(mail.Html).Body!.TextContent.ShouldContain("<img src=x>" + new string('n', 29) + "\n");
    }

    [Theory]
    [InlineData("https://evil.example", "https evil.example")]
    [InlineData("Bank\r\nYour code is 11111", "Bank Your code is 11111")]
    [InlineData("Bank\u2028\u2029second line", "Bank second line")]
    [InlineData("\u202egnp.exe", "gnp.exe")]
    [InlineData("Ba\u200bnk\u0000!", "Bank !")]
    [InlineData("   ", "")]
    [InlineData(null, "")]
    [InlineData("Café 東京 🍵", "Café 東京 🍵")]
    public void Text_from_outside_becomes_one_visible_line(string? given, string shown) => OneLine.Of(given, 100).ShouldBe(shown);

    [Fact]
    public void Text_is_never_cut_inside_a_character()
    {
        OneLine.Of("aa🍵", 3).ShouldBe("aa");
        OneLine.Of("aa🍵", 4).ShouldBe("aa🍵");
        OneLine.Of("e\u0301e\u0301", 3).ShouldBe("e\u0301");
    }

    [Fact]
    public void A_mails_text_does_not_leave_through_ToString()
    {
        var facts = MailTexts.Code("90210");

        facts.ToString().ShouldNotContain("90210");
        CodeMail.ForSignIn(English, facts).ToString().ShouldNotContain("90210");
    }

    public static TheoryData<string, string> AllMails()
    {
        var data = new TheoryData<string, string>();
        foreach (var mail in new[]
        {
            CodeMail.ForSignIn(English, MailTexts.Code()),
            CodeMail.ForSignIn(English, MailTexts.Code() with { ClientName = "https://<b>&\"' é", Browser = "a <script>", Network = "http://x" }),
            AlertMail.WrongCodeAfterRightPassword(English, MailTexts.Alert()),
            AlertMail.GuessBudgetExhausted(English, MailTexts.Alert()),
        })
        {
            data.Add(mail.Text, mail.Html);
        }

        return data;
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

using System.Text;
using IdentityServer.Mail;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace IdentityServer.Tests.Mail;

public sealed class MailComposerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 9, 14, 3, 20, TimeSpan.Zero);
    private readonly MailComposer _composer = Composer("Example <sign-in@id.example.com>");

    [Fact]
    public void A_mail_has_exactly_the_headers_it_needs()
    {
        var headers = Sent(_composer.Compose("ann@example.org", new("Subject", "text", "<p>html</p>"))).Headers;

        headers.Select(header => header.Field).Order(StringComparer.Ordinal).ShouldBe(
            ["Auto-Submitted", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"]);
        headers["Auto-Submitted"].ShouldBe("auto-generated");
        headers["From"].ShouldBe("Example <sign-in@id.example.com>");
        headers["To"].ShouldBe("ann@example.org");
        headers["Date"].ShouldBe("Mon, 09 Mar 2026 14:03:20 +0000");
    }

    [Theory]
    [InlineData("sign-in@example.com", "")]
    [InlineData("Tee für Ann <sign-in@example.com>", "Tee für Ann")]
    [InlineData("\"Tea, for \\\"Ann\\\"\" <sign-in@example.com>", "Tea, for \"Ann\"")]
    public void The_senders_name_arrives_as_it_was_configured(string from, string name)
    {
        var sender = Sent(Composer(from).Compose("ann@example.org", new("S", "t", "h"))).From.Mailboxes.Single();

        (sender.Address, sender.Name ?? "").ShouldBe(("sign-in@example.com", name));
    }

    [Fact]
    public void Text_comes_first_and_html_second_both_in_utf8()
    {
        var message = Sent(_composer.Compose("ann@example.org", new("Grüße", "tee für dich\n", "<p>tee für dich</p>\n")));

        var parts = message.Body.ShouldBeOfType<MultipartAlternative>().Cast<TextPart>().ToArray();
        parts.Select(part => part.ContentType.MimeType).ShouldBe(["text/plain", "text/html"]);
        parts.ShouldAllBe(part => part.ContentType.Charset == "utf-8");
        message.Subject.ShouldBe("Grüße");
        message.TextBody.ShouldBe("tee für dich\n");
        message.HtmlBody.ShouldBe("<p>tee für dich</p>\n");
    }

    [Fact]
    public void Every_mail_has_a_message_id_of_its_own_at_the_senders_domain()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => _composer.Compose("ann@example.org", new("S", "t", "h")).MessageId!).ToArray();

        ids.Distinct().Count().ShouldBe(100);
        ids.ShouldAllBe(id => id.EndsWith("@id.example.com", StringComparison.Ordinal));
    }

    [Fact]
    public void The_raw_mail_holds_no_run_of_five_digits_but_the_code()
    {
        for (var round = 0; round < 50; round++)
        {
            var source = Source(_composer.Compose("ann@example.org", CodeMail.ForSignIn(IdentityServer.Languages.Words.In("en"), MailTexts.Code("90210"))));
            System.Text.RegularExpressions.Regex.Matches(source, "[0-9]{5,}").Select(match => match.Value).Distinct().ShouldBe(["90210"]);
        }
    }

    [Theory]
    [MemberData(nameof(Injections))]
    public void Nothing_in_a_subject_becomes_a_header(string planted)
    {
        var message = Sent(_composer.Compose("ann@example.org", new($"Code{planted}", "text", "html")));

        message.Headers.Count.ShouldBe(7);
        message.Bcc.ShouldBeEmpty();
        message.To.Mailboxes.Select(mailbox => mailbox.Address).ShouldBe(["ann@example.org"]);
        message.TextBody.ShouldBe("text");
    }

    [Theory]
    [MemberData(nameof(Injections))]
    public void Nothing_after_an_address_is_taken_for_part_of_it(string planted) =>
        Should.Throw<ArgumentException>(() => _composer.Compose($"ann@example.org{planted}", new("S", "t", "h")));

    [Theory]
    [InlineData("")]
    [InlineData(" ann@example.org")]
    [InlineData("ann@example.org ")]
    [InlineData("ann")]
    [InlineData("@example.org")]
    [InlineData("ann@")]
    [InlineData("ann@example.org, eve@example.org")]
    [InlineData("ann@example.org;eve@example.org")]
    [InlineData("ann@example.org eve@example.org")]
    [InlineData("Ann <ann@example.org>")]
    [InlineData("<ann@example.org>")]
    [InlineData("<@relay.example:ann@example.org>")]
    [InlineData("friends: ann@example.org, eve@example.org;")]
    [InlineData("ann@example.org (eve@example.org)")]
    [InlineData("\"ann eve\"@example.org")]
    [InlineData("\"ann@evil.example\"@example.org")]
    [InlineData("ann@evil.example@example.org")]
    [InlineData("ann\u2028@example.org")]
    [InlineData("[\"ann@example.org\",\"eve@example.org\"]")]
    public void Only_one_plain_address_is_a_recipient(string to) =>
        Should.Throw<ArgumentException>(() => _composer.Compose(to, new("S", "t", "h"))).Message.ShouldNotContain("example");

    [Theory]
    [InlineData("ann+tea@example.org", "ann+tea@example.org")]
    [InlineData("o'brien@example.org", "o'brien@example.org")]
    [InlineData("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example")]
    [InlineData("ann@bücher.example", "ann@xn--bcher-kva.example")]
    public void Real_addresses_are_recipients_in_the_spelling_that_every_relay_reads(string to, string sent)
    {
        var message = _composer.Compose(to, new("S", "t", "h"));

        message.To.Mailboxes.Single().GetAddress(idnEncode: true).ShouldBe(sent);
        Source(message).ShouldContain($"To: {sent}\r\n".ReplaceLineEndings());
    }

    [Fact]
    public void Content_that_looks_like_smtp_or_mime_stays_content()
    {
        const string text = ".\r\nQUIT\r\n--=_\r\nContent-Type: text/html\r\n\r\n<a>\r\n";

        Sent(_composer.Compose("ann@example.org", new("S", text, "h"))).TextBody!.ReplaceLineEndings("\r\n").ShouldBe(text);
    }

    public static TheoryData<string> Injections() => new(
        "\r\nBcc: eve@example.org",
        "\nBcc: eve@example.org",
        "\rBcc: eve@example.org",
        "\r\n\r\nA body of another",
        "\u0085Bcc: eve@example.org",
        "\u2028Bcc: eve@example.org",
        "\u000bBcc: eve@example.org",
        "\0\r\nTo: eve@example.org",
        "%0d%0a\r\n Bcc: eve@example.org",
        "=?utf-8?q?=0D=0ABcc:_eve@example.org?=\r\nBcc: eve@example.org",
        "\r\n.\r\nMAIL FROM:<eve@example.org>");

    private static MailComposer Composer(string from) => new(MailSettings.Of(new MailOptions { From = from }), new FakeTimeProvider(Now));

    private static string Source(MimeMessage message)
    {
        using var stream = new MemoryStream();
        message.WriteTo(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    // What the other side reads, not what this side meant.
    private static MimeMessage Sent(MimeMessage message) => MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(Source(message))));
}

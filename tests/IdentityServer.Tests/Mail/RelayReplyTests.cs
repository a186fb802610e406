using IdentityServer.Mail.Relays;
using MailKit.Net.Smtp;
using MimeKit;

namespace IdentityServer.Tests.Mail;

public sealed class RelayReplyTests
{
    [Theory]
    [InlineData("5.1.1 <ann.tea@example.org>: Recipient address rejected: User unknown", "550 5.1.1 ... Recipient address rejected: User unknown")]
    [InlineData("no such user ann.tea here", "550 no such user ... here")]
    [InlineData("no such user 'ANN.TEA'", "550 no such user ...")]
    [InlineData("domain example.org does not exist", "550 domain ... does not exist")]
    [InlineData("rejected ann.tea=example.org@bounces.example", "550 rejected ...")]
    [InlineData("rejected <ann.tea+news@example.org>", "550 rejected ...")]
    [InlineData("rejected ann.tea @ example.org", "550 rejected ... ... ...")]
    [InlineData("ask postmaster@example.net", "550 ask ...")]
    [InlineData("5.7.1 first\n5.7.1 second\r\nthird", "550 5.7.1 first 5.7.1 second third")]
    [InlineData("Größe\u0000 \u202e zu groß", "550 Gr??e? ? zu gro?")]
    public void A_reply_is_kept_without_any_address(string reply, string kept) =>
        RelayReply.Of(SmtpStatusCode.MailboxUnavailable, reply, To("ann.tea+news@example.org")).ShouldBe(kept);

    [Fact]
    public void A_short_local_part_does_not_blank_out_other_words() =>
        RelayReply.Of("a mailbox that a relay has", To("a@example.org")).ShouldBe("... mailbox that ... relay has");

    [Fact]
    public void A_reply_is_kept_short() =>
        RelayReply.Of(string.Join(' ', Enumerable.Repeat("word", 500)), To("ann@example.org")).Length.ShouldBeInRange(100, RelayReply.MaxLength);

    private static MimeMessage To(string address) => new() { To = { new MailboxAddress("", address) } };
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Mail;
using IdentityServer.Mail.Relays;
using IdentityServer.Outbox;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Mail;

public sealed class RelayFaultTests
{
    [Fact]
    public async Task A_mail_is_handed_over_and_the_relays_reply_kept()
    {
        await using var relay = new RelayHarness(new SmtpListener());

        (await relay.SendAsync()).ShouldBe(new DeliveryOutcome.HandedOver("2.0.0 taken"));

        var mail = relay.Listeners[0].Mails.ShouldHaveSingleItem();
        mail.Sender.ShouldBe("sign-in@example.com");
        mail.Recipients.ShouldBe(["ann@example.org"]);
        mail.Text.TrimEnd().ShouldBe("text");
    }

    [Theory]
    [InlineData(SmtpStage.Recipient, "550 5.1.1 <ann@example.org>: user unknown", "550 5.1.1 ... user unknown")]
    [InlineData(SmtpStage.Data, "554 5.7.1 no", "554 5.7.1 no")]
    [InlineData(SmtpStage.End, "552 5.3.4 too big for ann@example.org", "552 5.3.4 too big for ...")]
    public async Task A_5xx_to_recipient_or_content_refuses_the_mail_for_good(SmtpStage stage, string reply, string kept)
    {
        await using var relay = new RelayHarness(new SmtpListener { React = At(stage, SmtpReaction.Reply(reply)) });

        (await relay.SendAsync()).ShouldBe(new DeliveryOutcome.Refused(kept));
    }

    [Theory]
    [InlineData(SmtpStage.Recipient, "450 4.2.0 greylisted")]
    [InlineData(SmtpStage.Data, "451 4.3.0 try later")]
    [InlineData(SmtpStage.End, "452 4.3.1 disk full")]
    [InlineData(SmtpStage.Recipient, "421 4.7.0 too many")]
    [InlineData(SmtpStage.Greeting, "554 5.0.0 no mail here")]
    [InlineData(SmtpStage.Sender, "550 5.1.8 not this sender")]
    [InlineData(SmtpStage.Recipient, "530 5.7.0 authenticate first")]
    public async Task A_4xx_and_whatever_speaks_about_the_relay_defers_the_mail(SmtpStage stage, string reply)
    {
        await using var relay = new RelayHarness(new SmtpListener { React = At(stage, SmtpReaction.Reply(reply)) });

        var outcome = (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.Deferred>();

        outcome.Reply.ShouldBe(reply.StartsWith("530", StringComparison.Ordinal) ? "The relay demands authentication." : reply);
        relay.Listeners[0].Mails.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(SmtpStage.Greeting)]
    [InlineData(SmtpStage.Sender)]
    [InlineData(SmtpStage.Recipient)]
    [InlineData(SmtpStage.Data)]
    [InlineData(SmtpStage.Content)]
    [InlineData(SmtpStage.End)]
    [InlineData(SmtpStage.Taken)]
    public async Task A_connection_that_breaks_at_any_moment_defers_the_mail(SmtpStage stage)
    {
        await using var relay = new RelayHarness(new SmtpListener { React = At(stage, SmtpReaction.Drop) });

        (await relay.SendAsync()).ShouldBe(new DeliveryOutcome.Deferred("The connection broke."));

        relay.Listeners[0].React = null;
        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
    }

    [Fact]
    public async Task A_relay_that_is_down_defers_the_mail()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        relay.Listeners[0].Suspend();
        (await relay.SendAsync()).ShouldBe(new DeliveryOutcome.Deferred("No connection (ConnectionRefused)."));

        relay.Listeners[0].Resume();
        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, 10)]
    [InlineData(SmtpStage.Sender, 15)]
    [InlineData(SmtpStage.Recipient, 15)]
    [InlineData(SmtpStage.Data, 60)]
    [InlineData(SmtpStage.End, 60)]
    public async Task A_tarpit_is_left_after_a_while(SmtpStage stage, int seconds)
    {
        await using var relay = new RelayHarness(new SmtpListener { React = At(stage, SmtpReaction.Silence) });

        (await relay.SendIntoSilenceAsync(relay.Listeners[0], stage, TimeSpan.FromSeconds(seconds)))
            .ShouldBe(new DeliveryOutcome.Deferred("No answer in time."));
    }

    [Fact]
    public async Task A_slow_answer_to_the_content_is_waited_for()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        using var answer = new ManualResetEventSlim();
        relay.Listeners[0].React = (stage, _) =>
        {
            if (stage == SmtpStage.Taken)
            {
                answer.Wait(TestContext.Current.CancellationToken);
            }

            return SmtpReaction.Proper;
        };

        var sending = relay.SendAsync();
        await relay.Listeners[0].ReachedAsync(SmtpStage.Taken, 1, TestContext.Current.CancellationToken);
        relay.Time.Advance(TimeSpan.FromSeconds(59));
        answer.Set();

        (await sending).ShouldBeOfType<DeliveryOutcome.HandedOver>();
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_by_cancellation()
    {
        await using var relay = new RelayHarness(new SmtpListener { React = At(SmtpStage.Recipient, SmtpReaction.Silence) }, new SmtpListener());
        using var caller = new CancellationTokenSource();

        var sending = relay.Transport.SendAsync(relay.Mail(), caller.Token);
        await relay.Listeners[0].ReachedAsync(SmtpStage.Recipient, 1, TestContext.Current.CancellationToken);
        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(sending);
        relay.Listeners[1].Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_relay_without_STARTTLS_gets_no_mail_where_it_is_demanded()
    {
        await using var listener = new SmtpListener();
        await using var relay = new RelayHarness(new MailRelayOptions { Host = "127.0.0.1", Port = listener.Port, Security = RelaySecurity.StartTls });

        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.Deferred>().Reply!.ShouldContain("STARTTLS");

        listener.Reached(SmtpStage.Sender).ShouldBe(0);
    }

    [Fact]
    public async Task A_relay_whose_certificate_nobody_vouches_for_gets_no_mail()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var listener = new SmtpListener { Certificate = certificate };
        await using var relay = new RelayHarness(new MailRelayOptions { Host = "127.0.0.1", Port = listener.Port, Security = RelaySecurity.Tls });

        (await relay.SendAsync()).ShouldBe(new DeliveryOutcome.Deferred("TLS failed, or the certificate is not valid for this host."));

        listener.Reached(SmtpStage.Sender).ShouldBe(0);
    }

    [Theory]
    [InlineData("secret", true)]
    [InlineData("guessed", false)]
    public async Task User_name_and_password_are_given_to_a_relay_that_asks(string password, bool right)
    {
        await using var listener = new SmtpListener { Credential = new NetworkCredential("ann", "secret") };
        await using var relay = new RelayHarness(new MailRelayOptions
        {
            Host = "127.0.0.1",
            Port = listener.Port,
            Security = RelaySecurity.None,
            UserName = "ann",
            Password = password,
        });

        (await relay.SendAsync()).ShouldBe(right
            ? new DeliveryOutcome.HandedOver("2.0.0 taken")
            : new DeliveryOutcome.Deferred("The relay did not accept user name and password."));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_address_beyond_ASCII_goes_only_to_a_relay_that_can_name_it(bool utf8)
    {
        await using var relay = new RelayHarness(new SmtpListener { Extensions = utf8 ? ["8BITMIME", "SMTPUTF8"] : ["8BITMIME"] });

        var outcome = await relay.SendAsync("jörg@bücher.example");

        if (utf8)
        {
            outcome.ShouldBeOfType<DeliveryOutcome.HandedOver>();
            relay.Listeners[0].Mails.Single().Recipients.ShouldBe(["jörg@bücher.example"]);
        }
        else
        {
            outcome.ShouldBeOfType<DeliveryOutcome.Refused>();
            relay.Listeners[0].Mails.ShouldBeEmpty();
        }
    }

    [Fact]
    public void A_lease_outlasts_a_delivery_and_a_delivery_all_relays() =>
        new[] { RelayLimits.Total, OutboxLimits.Delivery, OutboxLimits.Lease }.ShouldBeInOrder(SortDirection.Ascending);

    private static Func<SmtpStage, string, SmtpReaction> At(SmtpStage stage, SmtpReaction reaction) =>
        (at, _) => at == stage ? reaction : SmtpReaction.Proper;
}

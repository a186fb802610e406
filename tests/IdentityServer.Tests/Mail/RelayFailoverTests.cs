using IdentityServer.Mail.Relays;
using IdentityServer.Outbox;
using IdentityServer.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Mail;

public sealed class RelayFailoverTests
{
    [Fact]
    public async Task Relays_are_tried_in_order()
    {
        await using var relays = new RelayHarness(new SmtpListener(), new SmtpListener());
        await relays.SendAsync();
        relays.Listeners[0].Mails.Count.ShouldBe(1);

        relays.Listeners[0].Suspend();
        (await relays.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
        relays.Listeners[1].Mails.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(SmtpStage.Greeting, "421 4.3.2 shutting down")]
    [InlineData(SmtpStage.Sender, "451 4.3.0 local trouble")]
    [InlineData(SmtpStage.Recipient, "450 4.2.0 greylisted")]
    [InlineData(SmtpStage.End, "452 4.3.1 disk full")]
    public async Task A_relay_that_certainly_has_not_got_the_mail_hands_on_to_the_next(SmtpStage stage, string reply)
    {
        await using var relays = new RelayHarness(
            new SmtpListener { React = (at, _) => at == stage ? SmtpReaction.Reply(reply) : SmtpReaction.Proper }, new SmtpListener());

        (await relays.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
        relays.Listeners[1].Mails.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_for_good_is_not_argued_with_elsewhere()
    {
        await using var relays = new RelayHarness(
            new SmtpListener { React = (at, _) => at == SmtpStage.Recipient ? SmtpReaction.Reply("550 5.1.1 unknown") : SmtpReaction.Proper },
            new SmtpListener());

        (await relays.SendAsync()).ShouldBeOfType<DeliveryOutcome.Refused>();
        relays.Listeners[1].Reached(SmtpStage.Greeting).ShouldBe(0);
    }

    [Fact]
    public async Task A_tarpit_leaves_time_for_the_next_relay()
    {
        await using var relays = new RelayHarness(
            new SmtpListener { React = (at, _) => at == SmtpStage.Recipient ? SmtpReaction.Silence : SmtpReaction.Proper }, new SmtpListener());

        (await relays.SendIntoSilenceAsync(relays.Listeners[0], SmtpStage.Recipient, RelayLimits.Envelope)).ShouldBeOfType<DeliveryOutcome.HandedOver>();
        relays.Listeners[1].Mails.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_relay_that_failed_comes_last_for_a_while_and_first_again_after_it()
    {
        await using var relays = new RelayHarness(
            new SmtpListener { React = (at, _) => at == SmtpStage.Greeting ? SmtpReaction.Drop : SmtpReaction.Proper }, new SmtpListener());

        await relays.SendAsync();
        await relays.SendAsync();
        relays.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(1);

        relays.Listeners[0].React = null;
        relays.Time.Advance(RelayLimits.FirstRest);
        await relays.SendAsync();
        relays.Listeners[0].Mails.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Relays_that_rest_are_tried_all_the_same_when_there_is_no_other()
    {
        await using var relay = new RelayHarness(new SmtpListener { React = (_, _) => SmtpReaction.Drop });
        await relay.SendAsync();

        relay.Listeners[0].React = null;
        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
    }

    [Fact]
    public void A_relay_rests_longer_with_each_failure_up_to_a_minute()
    {
        var time = new FakeTimeProvider();
        var health = new RelayHealth(time);

        foreach (var seconds in new[] { 10, 20, 40, 60, 60 })
        {
            health.Failed();
            health.Failed(); // Of the same outage: it counts once.
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            health.Rests.ShouldBeTrue();
            time.Advance(TimeSpan.FromMilliseconds(1));
            health.Rests.ShouldBeFalse();
        }

        health.Failed();
        health.Worked().ShouldBeTrue();
        health.Rests.ShouldBeFalse();
        health.Failed().ShouldBeTrue();
    }
}

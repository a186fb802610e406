using IdentityServer.Mail.Relays;
using IdentityServer.Outbox;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Mail;

public sealed class RelayPoolTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mails_one_after_another_share_a_connection()
    {
        await using var relay = new RelayHarness(new SmtpListener());

        for (var mail = 0; mail < 20; mail++)
        {
            (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
        }

        relay.Listeners[0].Mails.Count.ShouldBe(20);
        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_is_used_on_after_a_refused_recipient()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        relay.Listeners[0].React = (stage, line) =>
            stage == SmtpStage.Recipient && line.Contains("bob", StringComparison.Ordinal) ? SmtpReaction.Reply("550 5.1.1 unknown") : SmtpReaction.Proper;

        (await relay.SendAsync("bob@example.org")).ShouldBeOfType<DeliveryOutcome.Refused>();
        (await relay.SendAsync("ann@example.org")).ShouldBeOfType<DeliveryOutcome.HandedOver>();

        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_that_the_relay_closed_meanwhile_is_replaced_unnoticed()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        await relay.SendAsync();
        relay.Listeners[0].HangUp();

        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();

        relay.Listeners[0].Mails.Count.ShouldBe(2);
        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(2);
    }

    [Fact]
    public async Task A_connection_that_the_relay_takes_leave_of_is_replaced_unnoticed()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        await relay.SendAsync();
        var leave = true;
        relay.Listeners[0].React = (stage, _) => stage == SmtpStage.Sender && Interlocked.Exchange(ref leave, false)
            ? SmtpReaction.Reply("421 4.4.2 idle too long")
            : SmtpReaction.Proper;

        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.HandedOver>();
        relay.Listeners[0].Mails.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_fresh_connection_that_fails_is_not_tried_again_at_once()
    {
        await using var relay = new RelayHarness(new SmtpListener { React = (stage, _) => stage == SmtpStage.Sender ? SmtpReaction.Drop : SmtpReaction.Proper });

        await relay.SendAsync();

        relay.Listeners[0].Reached(SmtpStage.Sender).ShouldBe(1);
    }

    [Fact]
    public async Task After_a_lost_answer_nothing_is_sent_again_at_once()
    {
        await using var relay = new RelayHarness(new SmtpListener(), new SmtpListener());
        await relay.SendAsync();
        relay.Listeners[0].React = (stage, _) => stage == SmtpStage.Taken ? SmtpReaction.Drop : SmtpReaction.Proper;

        (await relay.SendAsync()).ShouldBeOfType<DeliveryOutcome.Deferred>();

        relay.Listeners[0].Mails.Count.ShouldBe(2);
        relay.Listeners[1].Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rested_connection_is_asked_before_it_is_used()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        await relay.SendAsync();

        relay.Time.Advance(RelayLimits.AskAfter - TimeSpan.FromMilliseconds(1));
        await relay.SendAsync();
        relay.Listeners[0].Reached(SmtpStage.Noop).ShouldBe(0);

        relay.Time.Advance(RelayLimits.AskAfter);
        await relay.SendAsync();
        relay.Listeners[0].Reached(SmtpStage.Noop).ShouldBe(1);
        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(1);
    }

    [Fact]
    public async Task A_rested_connection_that_does_not_answer_costs_seconds_not_the_attempt()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        await relay.SendAsync();
        relay.Listeners[0].React = (stage, _) => stage == SmtpStage.Noop ? SmtpReaction.Silence : SmtpReaction.Proper;
        relay.Time.Advance(RelayLimits.AskAfter);

        (await relay.SendIntoSilenceAsync(relay.Listeners[0], SmtpStage.Noop, RelayLimits.Ask)).ShouldBeOfType<DeliveryOutcome.HandedOver>();
    }

    [Fact]
    public async Task An_idle_connection_is_closed_with_a_goodbye()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        await relay.SendAsync();

        relay.Time.Advance(RelayLimits.MaxIdle);
        await relay.Listeners[0].ReachedAsync(SmtpStage.Quit, 1, Ct);
        await relay.SendAsync();

        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(2);
    }

    [Fact]
    public async Task A_connection_carries_so_many_mails_and_no_more()
    {
        await using var relay = new RelayHarness(new SmtpListener());

        for (var mail = 0; mail <= RelayLimits.MessagesPerConnection; mail++)
        {
            await relay.SendAsync();
        }

        relay.Listeners[0].Reached(SmtpStage.Greeting).ShouldBe(2);
        relay.Listeners[0].Reached(SmtpStage.Quit).ShouldBe(1);
    }

    [Fact]
    public async Task Mails_at_the_same_time_use_connections_of_their_own_and_few_are_kept()
    {
        await using var relay = new RelayHarness(new SmtpListener());
        using var go = new ManualResetEventSlim();
        relay.Listeners[0].React = (stage, _) =>
        {
            if (stage == SmtpStage.End)
            {
                go.Wait(Ct);
            }

            return SmtpReaction.Proper;
        };

        var sending = Enumerable.Range(0, 6).Select(_ => relay.SendAsync()).ToArray();
        await relay.Listeners[0].ReachedAsync(SmtpStage.Recipient, 6, Ct);
        go.Set();

        (await Task.WhenAll(sending)).ShouldAllBe(outcome => outcome is DeliveryOutcome.HandedOver);
        await relay.Listeners[0].ReachedAsync(SmtpStage.Quit, 6 - RelayLimits.IdleConnections, Ct);
    }
}

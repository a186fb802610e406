using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Mail;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Outbox;

/// <summary>The outbox and the relay transport together, over a real listener, on one clock.</summary>
public sealed class OutboxOverRelayTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_twenty_minutes_without_a_relay_every_unexpired_mail_comes_within_a_minute_and_no_expired_one()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await using var listener = new SmtpListener();
        await using var relay = SendOver(outbox, listener);
        listener.Suspend();
        var (lasting, brief) = (new List<Guid>(), new List<Guid>());
        for (var minute = 0; minute < 20; minute++)
        {
            lasting.Add(await outbox.EnqueueAsync(TimeSpan.FromMinutes(30)));
            brief.Add(await outbox.EnqueueAsync(TimeSpan.FromSeconds(45)));
            await PassAsync(outbox, TimeSpan.FromMinutes(1));
        }

        listener.Resume();
        await PassAsync(outbox, TimeSpan.FromMinutes(1));

        listener.Mails.Select(mail => mail.Message.Subject).Order(StringComparer.Ordinal)
            .ShouldBe(lasting.Select(id => id.ToString()).Order(StringComparer.Ordinal));
        foreach (var id in brief)
        {
            (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.Abandoned);
        }
    }

    [Theory]
    [InlineData(SmtpStage.Greeting)]
    [InlineData(SmtpStage.Recipient)]
    [InlineData(SmtpStage.Data)]
    [InlineData(SmtpStage.Content)]
    [InlineData(SmtpStage.End)]
    public async Task A_mail_whose_connection_dropped_before_the_relay_had_it_comes_once(SmtpStage stage)
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await using var listener = new SmtpListener();
        await using var relay = SendOver(outbox, listener);
        listener.React = (at, _) => at == stage ? SmtpReaction.Drop : SmtpReaction.Proper;
        var id = await outbox.EnqueueAsync();
        await outbox.UntilAsync(id, message => message.Failures == 1);

        listener.React = null;
        await PassAsync(outbox, TimeSpan.FromSeconds(6));

        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.HandedOver);
        listener.Mails.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Only_an_answer_that_got_lost_leads_to_a_second_copy_and_on_schedule()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await using var listener = new SmtpListener();
        await using var relay = SendOver(outbox, listener);
        listener.React = (at, _) => at == SmtpStage.Taken ? SmtpReaction.Drop : SmtpReaction.Proper;
        var id = await outbox.EnqueueAsync();
        await outbox.UntilAsync(id, message => message.Failures == 1);

        listener.React = null;
        await outbox.AdvanceAsync(TimeSpan.FromMilliseconds(4999));
        listener.Mails.Count.ShouldBe(1);
        await outbox.AdvanceAsync(TimeSpan.FromMilliseconds(1));

        listener.Mails.Count.ShouldBe(2);
        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.HandedOver);
    }

    [Theory]
    [InlineData("450 4.2.0 ann@example.org greylisted", DeliveryState.Deferred, "450 4.2.0 ... greylisted")]
    [InlineData("550 5.1.1 ann@example.org unknown", DeliveryState.Refused, "550 5.1.1 ... unknown")]
    public async Task What_a_relay_answers_stands_in_the_row_and_in_the_log_without_the_address(string reply, DeliveryState state, string kept)
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await using var listener = new SmtpListener();
        await using var relay = SendOver(outbox, listener);
        listener.React = (at, _) => at == SmtpStage.Recipient ? SmtpReaction.Reply(reply) : SmtpReaction.Proper;

        var row = await outbox.UntilAsync(await outbox.EnqueueAsync(), message => message.Failures == 1);

        (row.State, row.LastReply).ShouldBe((state, kept));
        await outbox.UntilLoggedAsync(kept); // told once it is durable, so after the row
        outbox.Log.ShouldAllBe(line => !line.Contains("ann@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tarpit_of_a_minute_holds_up_its_own_mail_only()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await using var listener = new SmtpListener();
        await using var relay = SendOver(outbox, listener);
        listener.React = (at, line) => at == SmtpStage.End && listener.Reached(SmtpStage.End) == 1 ? SmtpReaction.Silence : SmtpReaction.Proper;
        var stuck = await outbox.EnqueueAsync();
        await listener.ReachedAsync(SmtpStage.End, 1, Ct);

        var other = await outbox.EnqueueAsync();
        await outbox.UntilAsync(other, message => message.State == DeliveryState.HandedOver);
        outbox.Time.Advance(TimeSpan.FromSeconds(60));

        (await outbox.UntilAsync(stuck, message => message.Failures == 1)).LastReply.ShouldBe("No answer in time.");
    }

    // Each message is a mail whose subject is its id.
    private static RelayHarness SendOver(OutboxHarness outbox, SmtpListener listener)
    {
        var relay = new RelayHarness(outbox.Time, listener);
        outbox.Deliver = (message, ct) => relay.Transport.SendAsync(relay.Mail(subject: message.Id.ToString()), ct);
        return relay;
    }

    private static async Task PassAsync(OutboxHarness outbox, TimeSpan span)
    {
        for (var step = TimeSpan.Zero; step < span; step += TimeSpan.FromSeconds(2))
        {
            await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));
        }
    }
}

using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Tests.Outbox;

public sealed class OutboxDispatcherTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_sent_at_once_when_its_enqueuing_is_signalled()
    {
        await using var outbox = await OutboxHarness.CreateAsync();

        var id = await outbox.EnqueueAsync();
        var row = await outbox.UntilAsync(id, message => message.State != DeliveryState.Queued);

        row.State.ShouldBe(DeliveryState.HandedOver);
        row.HandedOverAt.ShouldBe(outbox.Now);
        row.LastReply.ShouldBe("taken");
        (row.DueAt, row.LeasedBy, row.LeasedUntil, row.Failures).ShouldBe((null, null, null, 0));
    }

    [Fact]
    public async Task A_message_that_nobody_signals_is_found_within_two_seconds()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await outbox.QuietAsync();
        var id = await outbox.EnqueueAsync(notify: false);

        await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));

        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.HandedOver);
    }

    [Fact]
    public async Task What_was_enqueued_before_the_start_is_sent_after_it()
    {
        await using var outbox = await OutboxHarness.CreateAsync(start: false);
        var id = await outbox.EnqueueAsync(notify: false);

        await OutboxHarness.StartAsync(outbox.Node);

        await outbox.UntilAsync(id, message => message.State == DeliveryState.HandedOver);
    }

    [Fact]
    public async Task A_deferred_message_is_tried_after_5_15_30_and_60_seconds_and_then_every_60()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Deferred("451 later"));
        var id = await outbox.EnqueueAsync();

        foreach (var (seconds, failures) in new[] { (5, 1), (15, 2), (30, 3), (60, 4), (60, 5) })
        {
            var row = await outbox.UntilAsync(id, message => message.Failures == failures);
            row.State.ShouldBe(DeliveryState.Deferred);
            row.LastReply.ShouldBe("451 later");
            row.DueAt.ShouldBe(outbox.Now.AddSeconds(seconds));

            await outbox.AdvanceAsync(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            outbox.Attempts.Count.ShouldBe(failures);

            await outbox.AdvanceAsync(TimeSpan.FromMilliseconds(1));
            outbox.Attempts.Count.ShouldBe(failures + 1);
        }
    }

    [Fact]
    public async Task A_message_that_would_come_too_late_is_abandoned_and_never_sent()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Deferred("451 later"));
        var expires = outbox.Now.AddMinutes(2);
        var id = await outbox.EnqueueAsync(TimeSpan.FromMinutes(2));

        for (var step = 0; step < 90; step++)
        {
            await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        var row = await outbox.RowAsync(id);
        (row.State, row.DueAt).ShouldBe((DeliveryState.Abandoned, null));
        outbox.Attempts.Count.ShouldBe(5); // at 0, 5, 20, 50 and 110 seconds
        outbox.Attempts.ShouldAllBe(attempt => attempt.At < expires);
    }

    [Fact]
    public async Task A_message_that_expired_while_no_node_ran_is_abandoned_and_never_sent()
    {
        await using var outbox = await OutboxHarness.CreateAsync(start: false);
        var late = await outbox.EnqueueAsync(TimeSpan.FromMinutes(1));
        outbox.Time.Advance(TimeSpan.FromMinutes(1));
        var good = await outbox.EnqueueAsync(TimeSpan.FromMinutes(1));

        await OutboxHarness.StartAsync(outbox.Node);
        await outbox.UntilAsync(good, message => message.State == DeliveryState.HandedOver);
        await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));

        (await outbox.RowAsync(late)).State.ShouldBe(DeliveryState.Abandoned);
        outbox.Attempts.Select(attempt => attempt.Id).ShouldBe([good]);
    }

    [Theory]
    [InlineData(20, 20)] // the message expires
    [InlineData(1800, 75)] // the lease nears its end
    public async Task A_delivery_is_cancelled_when_the_message_expires_or_the_lease_nears_its_end(int life, int seconds)
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        outbox.Deliver = async (_, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return new DeliveryOutcome.HandedOver();
        };
        var id = await outbox.EnqueueAsync(TimeSpan.FromSeconds(life));
        await begun.Task.WaitAsync(Ct);

        outbox.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        (await outbox.RowAsync(id)).LeasedBy.ShouldNotBeNull();
        outbox.Time.Advance(TimeSpan.FromMilliseconds(1));

        var row = await outbox.UntilAsync(id, message => message.LeasedBy is null);
        row.State.ShouldBe(life == seconds ? DeliveryState.Abandoned : DeliveryState.Deferred);
    }

    [Fact]
    public async Task A_refused_message_is_never_tried_again()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Refused("550 5.1.1 unknown"));
        var id = await outbox.EnqueueAsync();

        var row = await outbox.UntilAsync(id, message => message.State == DeliveryState.Refused);
        (row.DueAt, row.LastReply, row.Failures).ShouldBe((null, "550 5.1.1 unknown", 1));
        outbox.Log.ShouldContain(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("550 5.1.1 unknown", StringComparison.Ordinal));

        for (var step = 0; step < 40; step++)
        {
            await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        outbox.Attempts.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_became_pointless_is_put_away()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Obsolete());

        var row = await outbox.UntilAsync(await outbox.EnqueueAsync(), message => message.State == DeliveryState.Abandoned);

        row.DueAt.ShouldBeNull();
    }

    [Fact]
    public async Task A_handler_that_throws_defers_its_message_and_its_words_stay_out_of_the_log()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) => throw new InvalidOperationException("550 ann@example.org");
        var id = await outbox.EnqueueAsync();

        (await outbox.UntilAsync(id, message => message.Failures == 1)).State.ShouldBe(DeliveryState.Deferred);

        outbox.Log.ShouldContain(line => line.Contains(nameof(InvalidOperationException), StringComparison.Ordinal));
        outbox.Log.ShouldAllBe(line => !line.Contains("ann@example.org", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_of_a_kind_that_this_version_does_not_know_is_kept_for_one_that_does()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        var id = await outbox.EnqueueAsync(change: message => message.Kind = "of-tomorrow");

        (await outbox.UntilAsync(id, message => message.Failures == 1)).State.ShouldBe(DeliveryState.Deferred);
    }

    [Fact]
    public async Task A_few_messages_are_under_way_at_a_time_and_one_that_ends_makes_room_for_the_next()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        using var permits = new SemaphoreSlim(0);
        var (underWay, most) = (0, 0);
        outbox.Deliver = async (_, ct) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            await permits.WaitAsync(ct);
            Interlocked.Decrement(ref underWay);
            return new DeliveryOutcome.HandedOver();
        };
        const int messages = (3 * OutboxLimits.Lanes) + 1;
        var ids = new List<Guid>();
        for (var message = 0; message < messages; message++)
        {
            ids.Add(await outbox.EnqueueAsync());
        }

        await BegunAsync(outbox, OutboxLimits.Lanes);
        permits.Release();
        await BegunAsync(outbox, OutboxLimits.Lanes + 1);
        permits.Release(messages - 1);

        foreach (var id in ids)
        {
            await outbox.UntilAsync(id, message => message.State == DeliveryState.HandedOver);
        }

        most.ShouldBe(OutboxLimits.Lanes);
        outbox.Attempts.Count.ShouldBe(messages);
    }

    [Fact]
    public async Task A_quiet_outbox_asks_the_database_once_in_two_seconds()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));
        var before = outbox.Outage.Trips;

        for (var step = 0; step < 10; step++)
        {
            await outbox.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        (outbox.Outage.Trips - before).ShouldBe(10);
    }

    [Fact]
    public async Task A_message_on_its_way_costs_two_trips_to_the_database()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await outbox.QuietAsync();
        var before = outbox.Outage.Trips;

        await outbox.UntilAsync(await outbox.EnqueueAsync(), message => message.State == DeliveryState.HandedOver);
        await outbox.QuietAsync();

        (outbox.Outage.Trips - before).ShouldBe(2);
    }

    private static async Task BegunAsync(OutboxHarness outbox, int deliveries)
    {
        while (outbox.Attempts.Count < deliveries)
        {
            await Task.Delay(1, Ct);
        }
    }
}

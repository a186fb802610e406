using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Outbox;

public sealed class OutboxFaultTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sending_goes_on_by_itself_after_the_database_was_away()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        await outbox.QuietAsync();
        outbox.Outage.Down = true;
        var id = await outbox.EnqueueAsync();
        for (var step = 0; step < 10; step++)
        {
            await outbox.AdvanceAsync(TimeSpan.FromSeconds(4));
        }

        outbox.Attempts.ShouldBeEmpty();
        outbox.Outage.Down = false;
        await outbox.AdvanceAsync(TimeSpan.FromSeconds(4));

        (await outbox.UntilAsync(id, message => message.State == DeliveryState.HandedOver)).Failures.ShouldBe(0);
        outbox.Log.Count(line => line.StartsWith("Error", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task An_outcome_that_cannot_be_written_is_kept_so_that_nothing_is_sent_twice()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = (_, _) =>
        {
            outbox.Outage.Down = true;
            return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.HandedOver("taken"));
        };
        var id = await outbox.EnqueueAsync();
        while (!outbox.Outage.Down)
        {
            await Task.Delay(1, Ct);
        }

        // Longer than the lease.
        for (var passed = TimeSpan.Zero; passed < OutboxLimits.Lease * 1.5; passed += TimeSpan.FromSeconds(4))
        {
            await PauseAsync();
        }

        outbox.Outage.Down = false;
        await PauseAsync();

        (await outbox.UntilAsync(id, message => message.State == DeliveryState.HandedOver)).LastReply.ShouldBe("taken");
        outbox.Attempts.Count.ShouldBe(1);

        // The clock must not be turned while the node is at work: it would begin its pause only afterwards, and never wake.
        async Task PauseAsync()
        {
            while (outbox.Time.Waiting == 0)
            {
                await Task.Delay(1, Ct);
            }

            outbox.Time.Advance(TimeSpan.FromSeconds(4));
        }
    }

    [Fact]
    public async Task A_message_of_a_node_that_died_is_sent_by_another_once_the_lease_lapses()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        var id = await outbox.EnqueueAsync(change: message => (message.LeasedBy, message.LeasedUntil) = ("another", outbox.Now + OutboxLimits.Lease));

        await outbox.AdvanceAsync(OutboxLimits.Lease - TimeSpan.FromMilliseconds(1));
        outbox.Attempts.ShouldBeEmpty();
        await outbox.AdvanceAsync(TimeSpan.FromMilliseconds(1));

        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.HandedOver);
    }

    [Fact]
    public async Task A_node_that_lost_its_lease_does_not_overwrite_what_another_did()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        outbox.Deliver = async (message, _) =>
        {
            await outbox.WithDbAsync(db => db.OutboxMessages.Where(row => row.Id == message.Id).ExecuteUpdateAsync(
                row => row.SetProperty(one => one.LeasedBy, "another").SetProperty(one => one.State, DeliveryState.Deferred), Ct));
            return new DeliveryOutcome.HandedOver();
        };
        var id = await outbox.EnqueueAsync();
        await outbox.UntilAsync(id, message => message.LeasedBy == "another");
        await outbox.QuietAsync();

        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.Deferred);
        outbox.Log.ShouldContain(line => line.Contains("longer than its lease", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_nodes_on_one_database_send_each_message_once(bool postgreSql)
    {
        const int messages = 60;
        await using var outbox = await OutboxHarness.CreateAsync(start: false, postgreSql);
        var sent = new ConcurrentDictionary<string, ConcurrentBag<Guid>>();
        outbox.Deliver = async (message, _) =>
        {
            sent.GetOrAdd(message.LeasedBy!, _ => []).Add(message.Id);
            await Task.Yield();
            return new DeliveryOutcome.HandedOver();
        };
        var ids = new List<Guid>();
        for (var message = 0; message < messages; message++)
        {
            ids.Add(await outbox.EnqueueAsync(notify: false));
        }

        var second = outbox.AddNode(outbox.Time);
        await Task.WhenAll(OutboxHarness.StartAsync(outbox.Node), OutboxHarness.StartAsync(second));
        foreach (var id in ids)
        {
            await outbox.UntilAsync(id, message => message.State == DeliveryState.HandedOver);
        }

        sent.Values.SelectMany(bag => bag).Order().ShouldBe(ids.Order());
        outbox.Attempts.Count.ShouldBe(messages);
    }

    [Fact]
    public async Task A_host_that_stops_lets_a_delivery_end_and_writes_it_down()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        var (begun, end) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        outbox.Deliver = async (_, ct) =>
        {
            begun.SetResult();
            await end.Task.WaitAsync(ct);
            return new DeliveryOutcome.HandedOver();
        };
        var id = await outbox.EnqueueAsync();
        await begun.Task.WaitAsync(Ct);

        var stopping = OutboxHarness.StopAsync(outbox.Node);
        end.SetResult();
        await stopping;

        (await outbox.RowAsync(id)).State.ShouldBe(DeliveryState.HandedOver);
    }

    [Fact]
    public async Task A_host_that_stops_waits_ten_seconds_for_a_delivery_and_leaves_it_to_be_tried_again()
    {
        await using var outbox = await OutboxHarness.CreateAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        outbox.Deliver = async (_, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return new DeliveryOutcome.HandedOver();
        };
        var id = await outbox.EnqueueAsync();
        await begun.Task.WaitAsync(Ct);

        var stopping = OutboxHarness.StopAsync(outbox.Node);
        while (!stopping.IsCompleted)
        {
            outbox.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, Ct);
        }

        var row = await outbox.RowAsync(id);
        (row.State, row.LeasedBy).ShouldBe((DeliveryState.Deferred, null));
    }

    [Fact]
    public async Task Outcomes_are_counted_once_each_by_kind()
    {
        await using var outbox = await OutboxHarness.CreateAsync(start: false);
        var factory = outbox.Node.Services.GetRequiredService<IMeterFactory>();
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "IdentityServer" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.Enqueue($"{tags[0].Value} {tags[1].Value} {count}"));
        listener.Start();
        var outcomes = new Queue<DeliveryOutcome>(
        [
            new DeliveryOutcome.HandedOver(), new DeliveryOutcome.Deferred(), new DeliveryOutcome.Refused(), new DeliveryOutcome.Obsolete(), new DeliveryOutcome.Deferred(),
        ]);
        outbox.Deliver = (_, _) => Task.FromResult(outcomes.Dequeue());
        await OutboxHarness.StartAsync(outbox.Node);

        for (var message = 0; message < 4; message++)
        {
            await outbox.UntilAsync(await outbox.EnqueueAsync(), row => row.State != DeliveryState.Queued);
        }

        await outbox.UntilAsync(await outbox.EnqueueAsync(TimeSpan.FromSeconds(4)), row => row.State != DeliveryState.Queued);
        await outbox.QuietAsync();

        counted.ShouldBe(["test handed_over 1", "test deferred 1", "test refused 1", "test obsolete 1", "test abandoned 1"]);
    }
}

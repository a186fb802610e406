using IdentityServer.Domain.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class OutboxContract(Database database) : StorageContract(database)
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Due_messages_are_leased_with_all_that_they_hold_the_longest_due_first()
    {
        var now = await EmptyAsync();
        var late = await AddMessageAsync(now.AddSeconds(-1), message => message.Payload = """{"a":"ü"}""");
        var early = await AddMessageAsync(now.AddSeconds(-2));
        await AddMessageAsync(now.AddSeconds(1));

        var leased = await LeaseAsync(now, "one");

        leased.Select(message => message.Id).ShouldBe([early.Id, late.Id]);
        leased[1].Kind.ShouldBe(late.Kind);
        leased[1].UserId.ShouldBe(late.UserId);
        leased[1].ChallengeId.ShouldBe(late.ChallengeId);
        leased[1].Payload.ShouldBe(late.Payload);
        leased[1].CreatedAt.ShouldBe(late.CreatedAt);
        leased[1].DueAt.ShouldBe(late.DueAt);
        leased[1].ExpiresAt.ShouldBe(late.ExpiresAt);
        leased[1].LeasedBy.ShouldBe("one");
        leased[1].LeasedUntil.ShouldBe(now + Lease);
    }

    [Fact]
    public async Task A_leased_message_is_nobody_elses_until_the_lease_ends()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        (await LeaseAsync(now, "one")).Count.ShouldBe(1);

        (await LeaseAsync(now + Lease - TimeSpan.FromMilliseconds(1), "two")).ShouldBeEmpty();
        (await LeaseAsync(now + Lease, "two")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_client_one_message_is_under_way_at_a_time_its_longest_due_and_others_are_not_held_up()
    {
        var now = await EmptyAsync();
        const string Slow = "slow";
        const string Other = "other";
        var first = await AddMessageAsync(now.AddSeconds(-9), message => (message.Queue, message.ClientRowId) = (OutboxQueue.Notifications, Slow));
        for (var index = 0; index < 20; index++)
        {
            await AddMessageAsync(now.AddSeconds(-8), message => (message.Queue, message.ClientRowId) = (OutboxQueue.Notifications, Slow));
        }

        var others = await AddMessageAsync(now, message => (message.Queue, message.ClientRowId) = (OutboxQueue.Notifications, Other));

        (await LeaseNoticesAsync(now)).Select(message => message.Id).ShouldBe([first.Id, others.Id], "one of each");
        (await LeaseNoticesAsync(now)).ShouldBeEmpty("both are busy");
        (await LeaseNoticesAsync(now + Lease)).Count.ShouldBe(2, "their time is over");

        Task<IReadOnlyList<OutboxMessage>> LeaseNoticesAsync(DateTimeOffset at) =>
            OutboxAsync(outbox => outbox.LeaseAsync(OutboxQueue.Notifications, at, NewNode(), Lease, 8, Cancel));
    }

    [Fact]
    public async Task Two_nodes_that_lease_in_parallel_never_get_the_same_message()
    {
        var now = await EmptyAsync();
        for (var index = 0; index < 60; index++)
        {
            await AddMessageAsync(now);
        }

        var leases = await RaceAsync(
            30,
            services => services.GetRequiredService<OutboxOperations>().LeaseAsync(OutboxQueue.Mail, now, NewNode(), Lease, 4, Cancel),
            Node,
            StartNode());

        var leased = leases.SelectMany(messages => messages).Select(message => message.Id).ToList();
        leased.ShouldBeUnique();

        // A round may step over rows that another is taking; what is left is there for the next.
        var rest = await LeaseAsync(now, "rest", 100);
        (leased.Count + rest.Count).ShouldBe(60);
        leased.Count.ShouldBeGreaterThan(30);
    }

    [Fact]
    public async Task Each_line_is_leased_by_itself_whatever_stands_in_the_other()
    {
        var now = await EmptyAsync();
        for (var index = 0; index < 20; index++)
        {
            await AddMessageAsync(now.AddMinutes(-10), message => (message.Queue, message.ClientRowId) = (OutboxQueue.Notifications, $"shop-{index}"));
        }

        var mail = await AddMessageAsync(now);

        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now);
        (await LeaseAsync(now, "one", max: 5)).Single().Id.ShouldBe(mail.Id);
        var notices = await OutboxAsync(outbox => outbox.LeaseAsync(OutboxQueue.Notifications, now, "one", Lease, 5, Cancel));
        notices.Count.ShouldBe(5);
        notices.ShouldAllBe(message => message.Queue == OutboxQueue.Notifications && message.ClientRowId!.StartsWith("shop-", StringComparison.Ordinal));
        await OutboxAsync(outbox => outbox.AbandonExpiredAsync(OutboxQueue.Notifications, now.AddHours(1), Cancel));
        (await RowAsync(mail)).State.ShouldBe(DeliveryState.Queued);
    }

    [Fact]
    public async Task The_next_moment_is_right_behind_many_that_are_leased_or_wait_for_hours()
    {
        var now = await EmptyAsync();
        for (var index = 0; index < 30; index++)
        {
            await AddMessageAsync(now);
            await AddMessageAsync(now.AddHours(1));
        }

        (await LeaseAsync(now, "one", max: 30)).Count.ShouldBe(30);
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now + Lease);
        await AddMessageAsync(now.AddSeconds(7));
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now.AddSeconds(7));
    }

    [Fact]
    public async Task What_a_client_was_told_is_listed_newest_first_and_nothing_of_another()
    {
        var now = await EmptyAsync();
        foreach (var (minutes, client) in new[] { (1, "shop"), (3, "shop"), (2, "shop"), (4, "bank") })
        {
            await AddMessageAsync(now, message => (message.Queue, message.ClientRowId, message.CreatedAt) = (OutboxQueue.Notifications, client, now.AddMinutes(minutes)));
        }

        await AddMessageAsync(now);

        (await OutboxAsync(outbox => outbox.OfClientAsync("shop", 2, Cancel))).Select(message => message.CreatedAt)
            .ShouldBe([now.AddMinutes(3), now.AddMinutes(2)]);
    }

    [Fact]
    public async Task An_expired_message_is_never_leased()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now.AddMinutes(-30), message => message.ExpiresAt = now);

        (await LeaseAsync(now, "one")).ShouldBeEmpty();
        (await LeaseAsync(now.AddMilliseconds(-1), "one")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_was_handed_over_is_done()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var message = (await LeaseAsync(now, "one")).Single();

        (await OutboxAsync(outbox => outbox.HandedOverAsync(message, now, new string('x', 300), Cancel))).ShouldBeTrue();

        var row = await RowAsync(message);
        row.State.ShouldBe(DeliveryState.HandedOver);
        row.HandedOverAt.ShouldBe(now);
        row.DueAt.ShouldBeNull();
        row.LeasedBy.ShouldBeNull();
        row.LeasedUntil.ShouldBeNull();
        row.LastReply.ShouldBe(new string('x', 200));
        (await LeaseAsync(now.AddMinutes(20), "two")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_was_deferred_comes_back_when_it_is_due()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var message = (await LeaseAsync(now, "one")).Single();

        (await OutboxAsync(outbox => outbox.DeferAsync(message, now.AddSeconds(5), "451 later", Cancel))).ShouldBeTrue();

        (await LeaseAsync(now.AddSeconds(5).AddMilliseconds(-1), "two")).ShouldBeEmpty();
        var again = (await LeaseAsync(now.AddSeconds(5), "two")).Single();
        again.State.ShouldBe(DeliveryState.Deferred);
        again.Failures.ShouldBe(1);
        again.LastReply.ShouldBe("451 later");
    }

    [Fact]
    public async Task A_message_that_was_refused_is_never_tried_again()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var message = (await LeaseAsync(now, "one")).Single();

        (await OutboxAsync(outbox => outbox.RefuseAsync(message, "550 no such user", Cancel))).ShouldBeTrue();

        var row = await RowAsync(message);
        row.State.ShouldBe(DeliveryState.Refused);
        row.Failures.ShouldBe(1);
        row.LastReply.ShouldBe("550 no such user");
        (await LeaseAsync(now.AddMinutes(20), "two")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_lost_its_use_is_never_sent()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var message = (await LeaseAsync(now, "one")).Single();

        (await OutboxAsync(outbox => outbox.AbandonAsync(message, Cancel))).ShouldBeTrue();

        (await RowAsync(message)).State.ShouldBe(DeliveryState.Abandoned);
        (await LeaseAsync(now.AddMinutes(20), "two")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_released_message_is_free_at_once_and_has_not_failed()
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var message = (await LeaseAsync(now, "one")).Single();

        (await OutboxAsync(outbox => outbox.ReleaseAsync(message, now, Cancel))).ShouldBeTrue();

        (await LeaseAsync(now, "two")).Single().Failures.ShouldBe(0);
    }

    [Theory]
    [InlineData("two")]
    [InlineData("one")]
    public async Task Whoever_lost_the_lease_can_say_nothing_any_more(string next)
    {
        var now = await EmptyAsync();
        await AddMessageAsync(now);
        var lost = (await LeaseAsync(now, "one")).Single();
        var held = (await LeaseAsync(now + Lease, next)).Single();

        (await OutboxAsync(outbox => outbox.HandedOverAsync(lost, now, null, Cancel))).ShouldBeFalse();
        (await OutboxAsync(outbox => outbox.DeferAsync(lost, now, null, Cancel))).ShouldBeFalse();
        (await OutboxAsync(outbox => outbox.RefuseAsync(lost, null, Cancel))).ShouldBeFalse();
        (await OutboxAsync(outbox => outbox.AbandonAsync(lost, Cancel))).ShouldBeFalse();
        (await OutboxAsync(outbox => outbox.ReleaseAsync(lost, now, Cancel))).ShouldBeFalse();

        (await RowAsync(lost)).LeasedBy.ShouldBe(next);
        (await OutboxAsync(outbox => outbox.HandedOverAsync(held, now, null, Cancel))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_message_that_was_never_leased_has_no_outcome()
    {
        var message = await AddMessageAsync(await EmptyAsync());

        await Should.ThrowAsync<ArgumentException>(OutboxAsync(outbox => outbox.AbandonAsync(message, Cancel)));
    }

    [Fact]
    public async Task Expired_messages_are_abandoned_unless_they_are_being_sent()
    {
        var now = await EmptyAsync();
        var sending = await AddMessageAsync(now.AddMinutes(-2), message => message.ExpiresAt = now);
        await LeaseAsync(now.AddSeconds(-1), "one");
        var waiting = await AddMessageAsync(now.AddMinutes(-1), message => message.ExpiresAt = now);
        var living = await AddMessageAsync(now.AddMinutes(-1), message => message.ExpiresAt = now.AddMilliseconds(1));

        await OutboxAsync(outbox => outbox.AbandonExpiredAsync(OutboxQueue.Mail, now, Cancel));

        (await RowAsync(waiting)).State.ShouldBe(DeliveryState.Abandoned);
        (await RowAsync(waiting)).DueAt.ShouldBeNull();
        (await RowAsync(sending)).State.ShouldBe(DeliveryState.Queued);
        (await RowAsync(living)).State.ShouldBe(DeliveryState.Queued);
    }

    [Fact]
    public async Task The_next_moment_is_the_earliest_that_a_lease_can_succeed()
    {
        var now = await EmptyAsync();
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBeNull();
        await AddMessageAsync(now);
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now);

        await LeaseAsync(now, "one");
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now + Lease);

        await AddMessageAsync(now.AddSeconds(30));
        (await OutboxAsync(outbox => outbox.NextDueAtAsync(OutboxQueue.Mail, Cancel))).ShouldBe(now.AddSeconds(30));
    }

    private static string NewNode() => Guid.NewGuid().ToString("N");

    // The outbox is one queue: each test empties it.
    private async Task<DateTimeOffset> EmptyAsync() => await InScopeAsync(async services =>
    {
        await services.GetRequiredService<IdentityServerDbContext>().OutboxMessages.ExecuteDeleteAsync(Cancel);
        return Now;
    });

    private async Task<OutboxMessage> AddMessageAsync(DateTimeOffset dueAt, Action<OutboxMessage>? adjust = null)
    {
        var user = await AddUserAsync();
        return await InScopeAsync(async services =>
        {
            var message = new OutboxMessage
            {
                Id = Guid.CreateVersion7(),
                Kind = "sign-in-code",
                UserId = user.Id,
                ChallengeId = Guid.CreateVersion7(),
                CreatedAt = Now,
                DueAt = dueAt,
                ExpiresAt = Now.AddMinutes(30),
            };
            adjust?.Invoke(message);
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.OutboxMessages.Add(message);
            await db.SaveChangesAsync(Cancel);
            return message;
        });
    }

    private Task<IReadOnlyList<OutboxMessage>> LeaseAsync(DateTimeOffset now, string node, int max = 10) =>
        OutboxAsync(outbox => outbox.LeaseAsync(OutboxQueue.Mail, now, node, Lease, max, Cancel));

    private Task<T> OutboxAsync<T>(Func<OutboxOperations, Task<T>> work) =>
        InScopeAsync(services => work(services.GetRequiredService<OutboxOperations>()));

    private Task<OutboxMessage> RowAsync(OutboxMessage message) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().OutboxMessages.AsNoTracking().SingleAsync(row => row.Id == message.Id, Cancel));
}

public sealed class OutboxOnSqlite(SqliteDatabase database) : OutboxContract(database), IClassFixture<SqliteDatabase>;

public sealed class OutboxOnPostgreSql(PostgreSqlDatabase database) : OutboxContract(database), IClassFixture<PostgreSqlDatabase>;

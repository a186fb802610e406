using CsCheck;
using IdentityServer.Domain.Outbox;

namespace IdentityServer.Domain.Tests.Outbox;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 15)]
    [InlineData(3, 30)]
    [InlineData(4, 60)]
    [InlineData(5, 60)]
    [InlineData(1_000, 60)]
    public void Mail_is_retried_after_5_15_30_60_60_seconds(int failures, int seconds) =>
        RetrySchedule.Next(OutboxQueue.Mail, failures, Now, Now.AddHours(1)).ShouldBe(Now.AddSeconds(seconds));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 15)]
    [InlineData(5, 120)]
    [InlineData(9, 2_400)]
    [InlineData(10, 3_600)]
    [InlineData(1_000, 3_600)]
    public void Notices_to_clients_are_retried_with_pauses_that_grow_to_an_hour(int failures, int seconds) =>
        RetrySchedule.Next(OutboxQueue.Notifications, failures, Now, Now.AddHours(24)).ShouldBe(Now.AddSeconds(seconds));

    [Fact]
    public void No_pause_is_shorter_than_the_one_before()
    {
        foreach (var queue in Enum.GetValues<OutboxQueue>())
        {
            var pauses = Enumerable.Range(1, 30).Select(failures => RetrySchedule.Next(queue, failures, Now, Now.AddDays(1))).ToList();
            pauses.ShouldBe(pauses.Order());
        }
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void A_message_that_would_expire_first_is_abandoned(int secondsLeft, bool retried) =>
        RetrySchedule.Next(OutboxQueue.Mail, 1, Now, Now.AddSeconds(secondsLeft)).HasValue.ShouldBe(retried);

    [Fact]
    public void No_retry_is_ever_at_or_after_the_expiry() =>
        Gen.Select(Gen.Int[1, 100], Gen.Int[-100, 4_000]).Sample((failures, left) =>
        {
            if (RetrySchedule.Next(OutboxQueue.Mail, failures, Now, Now.AddSeconds(left)) is { } next)
            {
                next.ShouldBeLessThan(Now.AddSeconds(left));
                next.ShouldBeGreaterThan(Now);
            }
        });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Without_a_failure_there_is_nothing_to_retry(int failures) =>
        Should.Throw<ArgumentOutOfRangeException>(() => RetrySchedule.Next(OutboxQueue.Mail, failures, Now, Now.AddHours(1)));
}

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
    public void Retries_come_after_5_15_30_60_60_seconds(int failures, int seconds) =>
        RetrySchedule.Next(failures, Now, Now.AddHours(1)).ShouldBe(Now.AddSeconds(seconds));

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public void A_message_that_would_expire_first_is_abandoned(int secondsLeft, bool retried) =>
        RetrySchedule.Next(1, Now, Now.AddSeconds(secondsLeft)).HasValue.ShouldBe(retried);

    [Fact]
    public void No_retry_is_ever_at_or_after_the_expiry() =>
        Gen.Select(Gen.Int[1, 100], Gen.Int[-100, 4_000]).Sample((failures, left) =>
        {
            if (RetrySchedule.Next(failures, Now, Now.AddSeconds(left)) is { } next)
            {
                next.ShouldBeLessThan(Now.AddSeconds(left));
                next.ShouldBeGreaterThan(Now);
            }
        });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Without_a_failure_there_is_nothing_to_retry(int failures) =>
        Should.Throw<ArgumentOutOfRangeException>(() => RetrySchedule.Next(failures, Now, Now.AddHours(1)));
}

using CsCheck;
using IdentityServer.Domain.OneTimeCodes;

namespace IdentityServer.Domain.Tests.OneTimeCodes;

public sealed class LimitsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_numbers_that_the_odds_are_computed_from_are_these()
    {
        ChallengePolicy.Attempts.ShouldBe(5);
        ChallengePolicy.Lifetime.ShouldBe(TimeSpan.FromMinutes(30));
        ChallengePolicy.OpenPerAccount.ShouldBe(3);
        GuessBudget.AccountPerDay.ShouldBe(10);
        GuessBudget.AccountPerMonth.ShouldBe(20);
        GuessBudget.AccountPerPassword.ShouldBe(40);
        GuessBudget.NetworkPerHour.ShouldBe(20);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public void A_code_is_valid_until_the_instant_of_expiry_and_not_at_it(long ticks, bool valid) =>
        ChallengePolicy.IsValid(Noon, Noon.AddTicks(ticks)).ShouldBe(valid);

    [Theory]
    [InlineData(59_999, 1)]
    [InlineData(0, 60_000)]
    [InlineData(-5_000, 65_000)]
    public void The_same_code_is_not_mailed_again_within_60_seconds(int passed, int left) =>
        ResendPolicy.Judge(1, Noon, Noon.AddMilliseconds(passed))
            .ShouldBeOfType<ResendVerdict.Wait>().Remaining.ShouldBe(TimeSpan.FromMilliseconds(left));

    [Theory]
    [InlineData(60_000)]
    [InlineData(60_001)]
    public void After_60_seconds_it_is(int passed) =>
        ResendPolicy.Judge(1, Noon, Noon.AddMilliseconds(passed)).ShouldBeOfType<ResendVerdict.Allowed>();

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void A_challenge_mails_its_code_three_times(int sends, bool spent) =>
        (ResendPolicy.Judge(sends, Noon, Noon.AddHours(1)) is ResendVerdict.Spent).ShouldBe(spent);

    [Fact]
    public void A_spent_challenge_does_not_ask_to_wait_for_nothing() =>
        ResendPolicy.Judge(ResendPolicy.SendsPerChallenge, Noon, Noon).ShouldBeOfType<ResendVerdict.Spent>();

    [Fact]
    public void Days_and_30_day_periods_follow_each_other_without_gap_or_overlap() =>
        Gen.Long[0, 253_402_300_799].Sample(seconds =>
        {
            var now = DateTimeOffset.FromUnixTimeSeconds(seconds);
            GuessBudget.DayOf(now).ShouldBe((int)(seconds / 86_400));
            GuessBudget.MonthOf(now).ShouldBe((int)(seconds / (86_400 * 30)));
        });

    [Theory]
    [InlineData("2026-05-04T23:59:59.999Z", 0)]
    [InlineData("2026-05-05T00:00:00Z", 1)]
    [InlineData("2026-05-05T01:59:59+02:00", 0)]
    public void A_day_begins_at_midnight_UTC(string moment, int later) =>
        GuessBudget.DayOf(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(GuessBudget.DayOf(Noon) + later);

    [Theory]
    [InlineData(0, 50)]
    [InlineData(-3, 50)]
    [InlineData(12.5, 50)]
    [InlineData(12.6, 51)]
    [InlineData(100, 400)]
    public void The_fleet_alarm_is_four_times_the_usual_and_at_least_50(double usual, int threshold) =>
        GuessBudget.FleetThreshold(usual).ShouldBe(threshold);

    [Fact]
    public void No_hour_holds_more_than_6_code_mails_and_no_day_more_than_12() =>
        Gen.Int[0, 4_000].Array[1, 120].Sample(steps =>
        {
            var (log, now, sent) = ("", Noon, new List<DateTimeOffset>());
            foreach (var step in steps)
            {
                now = now.AddSeconds(step);
                if (CodeMailAllowance.Judge(log, now) is CodeMailVerdict.Allowed allowed)
                {
                    log = allowed.Log;
                    sent.Add(now);
                }
            }

            sent.ShouldAllBe(moment => sent.Count(other => other > moment - TimeSpan.FromHours(1) && other <= moment) <= 6);
            sent.ShouldAllBe(moment => sent.Count(other => other > moment - TimeSpan.FromHours(24) && other <= moment) <= 12);
        });

    [Fact]
    public void A_refused_mail_is_allowed_after_the_wait_that_was_told_and_not_a_second_earlier() =>
        Gen.Int[0, 900].Array[12, 60].Sample(steps =>
        {
            var (log, now) = ("", Noon);
            foreach (var step in steps)
            {
                now = now.AddSeconds(step);
                switch (CodeMailAllowance.Judge(log, now))
                {
                    case CodeMailVerdict.Allowed allowed:
                        log = allowed.Log;
                        break;
                    case CodeMailVerdict.Wait wait:
                        wait.Remaining.ShouldBeGreaterThan(TimeSpan.Zero);
                        CodeMailAllowance.Judge(log, now + wait.Remaining).ShouldBeOfType<CodeMailVerdict.Allowed>();
                        CodeMailAllowance.Judge(log, now + wait.Remaining - TimeSpan.FromSeconds(1)).ShouldBeOfType<CodeMailVerdict.Wait>();
                        break;
                }
            }
        });

    [Fact]
    public void The_log_of_code_mails_does_not_grow()
    {
        var log = "";
        for (var day = 0; day < 40; day++)
        {
            for (var hour = 0; hour < 24; hour += 2)
            {
                log = CodeMailAllowance.Judge(log, Noon.AddDays(day).AddHours(hour)).ShouldBeOfType<CodeMailVerdict.Allowed>().Log;
            }
        }

        log.Split(',').Length.ShouldBeLessThanOrEqualTo(GuessBudget.MailsPerDay);
    }
}

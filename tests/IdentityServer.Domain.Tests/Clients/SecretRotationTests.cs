using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class SecretRotationTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly SecretHistory Old = new(Now.AddDays(-100), null, Now - SecretRotation.Idle, null);

    private static readonly SecretHistory Young = new(Now.AddDays(-8), null, Now.AddMinutes(-1), null);

    [Fact]
    public void A_secret_is_safe_to_retire_when_a_younger_one_is_in_use_and_it_was_not_used_for_eight_days()
    {
        SecretRotation.Judge(Old, [Old, Young], Now).ShouldBe(Retirement.Safe);
        Judge(Old with { LastUsedAt = Now - SecretRotation.Idle + TimeSpan.FromMilliseconds(1) }, Young).ShouldBe(Retirement.StillUsed);
        Judge(Old, Young with { LastUsedAt = null }).ShouldBe(Retirement.SuccessorUnused);
    }

    // From one Sunday to the next it is an hour more than a week when summer time ends.
    [Fact]
    public void A_job_that_runs_once_a_week_by_local_time_keeps_its_secret() =>
        Judge(Old with { LastUsedAt = Now.AddDays(-7).AddHours(-1) }, Young).ShouldBe(Retirement.StillUsed);

    [Fact]
    public void The_only_one_is_never_safe_to_retire()
    {
        SecretRotation.Judge(Old, [Old], Now).ShouldBe(Retirement.OnlyOne);
        Judge(Old, Young with { RetiredAt = Now.AddDays(-1) }).ShouldBe(Retirement.OnlyOne);
        Judge(Old, Young with { ExpiresAt = Now }).ShouldBe(Retirement.OnlyOne);
        Judge(Old, Young with { ExpiresAt = Now.AddMilliseconds(1) }).ShouldBe(Retirement.Safe);
    }

    [Fact]
    public void One_that_was_made_for_an_hour_or_less_takes_over_from_nothing()
    {
        var passing = new SecretHistory(Now.AddMinutes(-1), Now.AddMinutes(-1) + SecretRotation.LongestPassing, Now, null);
        SecretRotation.Judge(Old, [Old, passing], Now).ShouldBe(Retirement.OnlyOne);
        SecretRotation.Judge(Old, [Old, passing, Young with { LastUsedAt = null }], Now).ShouldBe(Retirement.SuccessorUnused);
        Judge(Old, passing with { ExpiresAt = passing.ExpiresAt!.Value.AddMilliseconds(1) }).ShouldBe(Retirement.Safe);
    }

    [Fact]
    public void An_older_one_in_use_says_nothing_about_who_holds_the_younger() =>
        SecretRotation.Judge(Young, [Old, Young], Now).ShouldBe(Retirement.SuccessorUnused);

    [Fact]
    public void One_that_was_never_used_is_idle_since_it_was_made()
    {
        var unused = new SecretHistory(Now - SecretRotation.Idle, null, null, null);
        Judge(unused, unused with { CreatedAt = Now.AddDays(-1), LastUsedAt = Now }).ShouldBe(Retirement.Safe);
        Judge(unused with { CreatedAt = Now.AddDays(-6) }, unused with { CreatedAt = Now.AddDays(-1), LastUsedAt = Now }).ShouldBe(Retirement.StillUsed);
    }

    [Fact]
    public void What_is_over_stays_over()
    {
        Judge(Old with { RetiredAt = Now }, Young).ShouldBe(Retirement.Over);
        Judge(Old with { ExpiresAt = Now }, Young).ShouldBe(Retirement.Over);
    }

    private static Retirement Judge(SecretHistory secret, SecretHistory other) => SecretRotation.Judge(secret, [secret, other], Now);
}

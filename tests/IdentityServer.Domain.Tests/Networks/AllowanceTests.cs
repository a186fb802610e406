using IdentityServer.Domain.Networks;

namespace IdentityServer.Domain.Tests.Networks;

public sealed class AllowanceTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(3);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    [Fact]
    public void All_of_it_may_be_spent_at_once_and_not_one_more()
    {
        var allowance = new Allowance(5, Window, 100);

        for (var spent = 0; spent < 5; spent++)
        {
            allowance.Wait("a", Start).ShouldBeNull();
            allowance.Spend("a", Start).ShouldBeNull();
        }

        allowance.Spend("a", Start).ShouldBe(TimeSpan.FromMinutes(2));
        allowance.Wait("a", Start).ShouldBe(TimeSpan.FromMinutes(2));
        allowance.Spend("b", Start).ShouldBeNull("another's is another's");
    }

    [Fact]
    public void It_comes_back_share_by_share_at_the_moment_that_was_told()
    {
        var allowance = new Allowance(5, Window, 100);
        Enumerable.Range(0, 5).ShouldAllBe(_ => allowance.Spend("a", Start) == null);
        var wait = allowance.Spend("a", Start).ShouldNotBeNull();

        allowance.Spend("a", Start + wait - TimeSpan.FromTicks(1)).ShouldBe(TimeSpan.FromTicks(1));
        allowance.Spend("a", Start + wait).ShouldBeNull();
        allowance.Spend("a", Start + wait).ShouldNotBeNull("only one came back");
    }

    [Fact]
    public void What_is_refused_costs_nothing()
    {
        var allowance = new Allowance(2, Window, 100);
        Enumerable.Range(0, 2).ShouldAllBe(_ => allowance.Spend("a", Start) == null);

        Enumerable.Range(0, 1000).ShouldAllBe(_ => allowance.Spend("a", Start) == TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void After_a_window_all_of_it_is_back_and_never_more()
    {
        var allowance = new Allowance(3, Window, 100);
        Enumerable.Range(0, 3).ShouldAllBe(_ => allowance.Spend("a", Start) == null);

        var later = Start + (10 * Window);
        Enumerable.Range(0, 3).ShouldAllBe(_ => allowance.Spend("a", later) == null);
        allowance.Spend("a", later).ShouldNotBeNull();
    }

    [Fact]
    public void In_no_stretch_of_time_is_more_spent_than_the_allowance_and_what_came_back_meanwhile()
    {
        var allowance = new Allowance(12, Window, 100);
        var spent = 0;
        for (var second = 0; second < 3600; second++)
        {
            spent += allowance.Spend("a", Start + TimeSpan.FromSeconds(second)) is null ? 1 : 0;
        }

        spent.ShouldBe(12 + (3599 / 50));
    }

    [Fact]
    public void Any_number_of_keys_takes_bounded_room_and_keeps_those_that_spend()
    {
        var entries = new RecentEntries<int>(100);
        entries.Set("busy", 7);
        for (var number = 0; number < 10_000; number++)
        {
            entries.Set($"stranger-{number}", number);
            if (entries.TryGet("busy", out var value))
            {
                entries.Set("busy", value);
            }
        }

        entries.TryGet("busy", out var kept).ShouldBeTrue();
        kept.ShouldBe(7);
        Enumerable.Range(0, 10_000).Count(number => entries.TryGet($"stranger-{number}", out _)).ShouldBeInRange(50, 100);
    }
}

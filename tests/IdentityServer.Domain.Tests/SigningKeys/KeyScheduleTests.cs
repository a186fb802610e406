using IdentityServer.Domain.Sessions;
using IdentityServer.Domain.SigningKeys;

namespace IdentityServer.Domain.Tests.SigningKeys;

public sealed class KeyScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly KeyPeriod First = KeySchedule.Due([], Now)!;

    [Fact]
    public void D3_a_key_is_announced_14_days_signs_90_and_stays_published_30()
    {
        KeySchedule.Announcement.ShouldBe(TimeSpan.FromDays(14));
        First.ShouldBe(new KeyPeriod(Now, Now, Now.AddDays(90), Now.AddDays(120)));
        KeySchedule.Due([First], Now.AddDays(76).AddHours(-1))
            .ShouldBe(new KeyPeriod(Now.AddDays(76).AddHours(-1), Now.AddDays(90), Now.AddDays(180), Now.AddDays(210)));
    }

    [Fact]
    public void D3_what_a_key_signed_is_dead_before_the_key_leaves() =>
        KeySchedule.Afterlife.ShouldBeGreaterThan(SessionPolicy.Lifetime + TimeSpan.FromDays(1), "an id_token comes back as a hint while its session lives");

    [Fact]
    public void No_second_key_is_made_before_the_first_one_nears_its_end()
    {
        KeySchedule.Due([First], Now).ShouldBeNull();
        KeySchedule.Due([First], Now.AddDays(76).AddHours(-1).AddTicks(-1)).ShouldBeNull();
    }

    [Fact]
    public void No_third_key_is_made_while_the_second_is_announced()
    {
        var second = KeySchedule.Due([First], Now.AddDays(80))!;

        KeySchedule.Due([First, second], Now.AddDays(89)).ShouldBeNull();
    }

    [Theory]
    [InlineData(77)]
    [InlineData(89)]
    [InlineData(90)]
    [InlineData(119)]
    public void D3_a_successor_that_comes_late_is_announced_as_long_as_any_and_the_old_key_signs_on(int days)
    {
        var late = Now.AddDays(days);
        var successor = KeySchedule.Due([First], late)!;

        successor.ActivatesAt.ShouldBe(late.AddDays(14));
        KeySchedule.Predecessor([First], key => key, successor.ActivatesAt, late).ShouldBe(First);
        var extended = First.Until(successor.ActivatesAt);
        extended.RetiresAt.ShouldBe(successor.ActivatesAt);
        extended.ExpiresAt.ShouldBe(successor.ActivatesAt.AddDays(30));
        KeySchedule.Signer([extended, successor], key => key, late.AddDays(14).AddTicks(-1)).ShouldBe(extended);
        KeySchedule.Signer([extended, successor], key => key, late.AddDays(14)).ShouldBe(successor);
    }

    [Fact]
    public void After_a_silence_in_which_every_key_expired_a_new_one_signs_at_once() =>
        KeySchedule.Due([First], Now.AddDays(120))!.ActivatesAt.ShouldBe(Now.AddDays(120));

    [Fact]
    public void A_key_that_is_to_sign_now_waits_until_every_node_publishes_it()
    {
        KeySchedule.Asked(Now, atOnce: true).ActivatesAt.ShouldBe(Now.AddMinutes(6));
        KeySchedule.Asked(Now, atOnce: false).ActivatesAt.ShouldBe(Now.AddDays(14));
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(4, 2)]
    [InlineData(6, 0)]
    [InlineData(1000, 0)]
    public void An_announced_key_that_is_brought_forward_has_been_published_long_enough(int minutesPublished, int minutesToWait)
    {
        var announced = KeySchedule.Asked(Now, atOnce: false);
        var then = Now.AddMinutes(minutesPublished);

        var sooner = KeySchedule.BroughtForward(announced, then);

        sooner.ShouldBe(new KeyPeriod(Now, then.AddMinutes(minutesToWait), then.AddMinutes(minutesToWait).AddDays(90), then.AddMinutes(minutesToWait).AddDays(120)));
        KeySchedule.BroughtForward(sooner, then).ShouldBe(sooner, "and does not wait anew for being asked for again");
    }

    [Fact]
    public void A_key_that_takes_over_from_a_revoked_one_leaves_the_retired_ones_retired()
    {
        var retired = First.Until(Now.AddDays(90));
        var then = Now.AddDays(100);

        KeySchedule.Predecessor([retired], key => key, then, then).ShouldBeNull();
        KeySchedule.Signer([retired, KeySchedule.TakingOver(then, then)], key => key, then.AddMinutes(-3)).ActivatesAt
            .ShouldBe(then, "a node whose clock is behind signs with it as well");
    }

    [Fact]
    public void Without_any_key_nothing_signs() =>
        Should.Throw<ArgumentException>(() => KeySchedule.Signer<KeyPeriod>([], key => key, Now));
}

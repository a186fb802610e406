using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.SignIn;

/// <summary>Threats 1, 2, 4, 5, 9, 10: no more is guessed than the budget says, however it is tried.</summary>
public sealed class GuessingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_hundred_wrong_codes_at_once_on_two_nodes_evaluate_exactly_five(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        await using var second = await world.Server.StartAnotherNodeAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var right = await browser.ReadCodeAsync(email);
        var other = world.OpenBrowser(second);
        foreach (Cookie cookie in browser.Cookies.GetAllCookies())
        {
            other.Cookies.Add(second.Address, new Cookie(cookie.Name, cookie.Value));
        }

        await Task.WhenAll(Enumerable.Range(1, 200).Select(shift =>
            (shift % 2 == 0 ? browser : other).From($"203.0.113.{shift}").EnterCodeAsync(page, Browser.WrongCode(right, shift))));

        (await EvaluatedAsync(world)).ShouldBe(5);
        (await browser.EnterCodeAsync(page, right)).Parameter("reason").ShouldBe("code-void");
    }

    [Fact]
    public async Task Fifteen_guesses_over_three_open_challenges_evaluate_exactly_ten()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var pages = new List<(Browser Browser, Answer Page, string Right)>();
        for (var i = 0; i < 3; i++)
        {
            var browser = world.OpenBrowser();
            var page = await browser.ReachCodePageAsync("/sign-in", email);
            pages.Add((browser, page, await browser.ReadCodeAsync(email)));
        }

        await Task.WhenAll(pages.SelectMany(open => Enumerable.Range(1, 5).Select(shift =>
            open.Browser.EnterCodeAsync(open.Page, Browser.WrongCode(open.Right, shift)))));

        (await EvaluatedAsync(world)).ShouldBe(10);
    }

    [Fact]
    public async Task Fifty_sign_ins_with_five_wrong_codes_each_evaluate_at_most_ten_and_then_ask_for_a_reset()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var resetAsked = 0;
        for (var round = 0; round < 50; round++)
        {
            await world.AdvanceAsync(TimeSpan.FromMinutes(11));
            var browser = world.OpenBrowser();
            var next = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email);
            if (next.Status != HttpStatusCode.SeeOther)
            {
                next.Alert!.ShouldContain("needs a new password");
                resetAsked++;
                continue;
            }

            var page = await browser.FollowAsync(next);
            var right = await browser.ReadCodeAsync(email);
            for (var shift = 1; shift <= 5; shift++)
            {
                await browser.EnterCodeAsync(page, Browser.WrongCode(right, shift));
            }
        }

        (await EvaluatedAsync(world)).ShouldBe(10);
        resetAsked.ShouldBe(48);
    }

    [Fact]
    public async Task A_right_code_in_another_challenge_does_not_help_an_exhausted_account()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var waiting = world.OpenBrowser();
        var waitingPage = await waiting.ReachCodePageAsync(client.Start(), email);
        var waitingCode = await waiting.ReadCodeAsync(email);
        await ExhaustAsync(world, email);

        var answer = await waiting.EnterCodeAsync(waitingPage, waitingCode);

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Alert!.ShouldContain("needs a new password");
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(0);
        (await waiting.FollowAsync(await waiting.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    [Fact]
    public async Task Sessions_that_were_open_stay_when_the_budget_is_exhausted()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(email);
        await ExhaustAsync(world, email);
        (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Restarts_between_guesses_give_none_back()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var right = await browser.ReadCodeAsync(email);
        for (var shift = 1; shift <= 5; shift++)
        {
            await browser.EnterCodeAsync(page, Browser.WrongCode(right, shift));
            await world.Server.RestartAsync();
        }

        (await browser.EnterCodeAsync(page, right)).Parameter("reason").ShouldBe("code-void");
        (await EvaluatedAsync(world)).ShouldBe(5);
    }

    [Fact]
    public async Task The_fourth_wrong_code_leaves_one_try_and_the_fifth_closes_the_challenge()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var right = await browser.ReadCodeAsync(email);
        for (var shift = 1; shift <= 3; shift++)
        {
            (await browser.EnterCodeAsync(page, Browser.WrongCode(right, shift))).Alert!.ShouldContain($"{5 - shift} more tries");
        }

        (await browser.EnterCodeAsync(page, Browser.WrongCode(right, 4))).Alert!.ShouldContain("one more try");
        (await browser.EnterCodeAsync(page, Browser.WrongCode(right, 5))).Parameter("reason").ShouldBe("code-void");
    }

    [Fact]
    public async Task A_malformed_code_charges_nothing()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        foreach (var input in new[] { "", "1234", "123456", "12a45", "１２３４５", "-12345-6", new string('1', 5000) })
        {
            var answer = await browser.EnterCodeAsync(page, input);
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer.Alert!.ShouldContain("five digits");
        }

        var challenge = await world.ReadAsync(db => db.OtpChallenges.SingleAsync(TestContext.Current.CancellationToken));
        challenge.AttemptsLeft.ShouldBe(5);
    }

    [Fact]
    public async Task Another_persons_code_is_refused_and_charged_to_the_one_who_typed_it()
    {
        await using var world = await World.StartAsync();
        var (first, second) = (await world.AddUserAsync(), await world.AddUserAsync());
        var (one, two) = (world.OpenBrowser(), world.OpenBrowser());
        await one.ReachCodePageAsync("/sign-in", first);
        var code = await one.ReadCodeAsync(first);
        var page = await two.ReachCodePageAsync("/sign-in", second);
        (await two.ReadCodeAsync(second)).ShouldNotBe(code, "one run in 100,000 may see equal codes");

        (await two.EnterCodeAsync(page, code)).Alert!.ShouldContain("4 more tries");

        var left = await world.ReadAsync(db => db.OtpChallenges.OrderBy(c => c.CreatedAt).ThenBy(c => c.Id)
            .Select(c => c.AttemptsLeft).ToListAsync(TestContext.Current.CancellationToken));
        left.Order().ShouldBe([4, 5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_hundred_right_codes_at_once_open_one_session(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => browser.EnterCodeAsync(page, code)));

        answers.Count(answer => answer.Message.Headers.TryGetValues("Set-Cookie", out var set)
            && set.Any(cookie => cookie.StartsWith("idsrv.session=", StringComparison.Ordinal))).ShouldBe(1);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(1);
    }

    [Fact]
    public async Task A_network_that_guessed_twenty_times_is_refused_with_a_time_to_wait()
    {
        await using var world = await World.StartAsync();
        for (var account = 0; account < 4; account++)
        {
            var email = await world.AddUserAsync();
            var browser = world.OpenBrowser(network: "192.0.2.77");
            var page = await browser.ReachCodePageAsync("/sign-in", email);
            var right = await browser.ReadCodeAsync(email);
            await Task.WhenAll(Enumerable.Range(1, 5).Select(shift => browser.EnterCodeAsync(page, Browser.WrongCode(right, shift))));
        }

        var last = await world.AddUserAsync();
        var late = world.OpenBrowser(network: "192.0.2.77");
        var latePage = await late.ReachCodePageAsync("/sign-in", last);
        var code = await late.ReadCodeAsync(last);
        var refused = await late.EnterCodeAsync(latePage, code);
        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Message.Headers.RetryAfter.ShouldNotBeNull();
        (await late.From("192.0.2.78").EnterCodeAsync(latePage, code)).Status.ShouldBe(HttpStatusCode.SeeOther, "nothing was charged");
    }

    [Fact]
    public async Task The_owner_is_told_by_mail_once_a_challenge_of_wrong_codes_and_of_an_exhausted_budget()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        await ExhaustAsync(world, email);
        var kinds = await world.ReadAsync(db => db.OutboxMessages.Where(message => message.Kind == "sign-in-alert")
            .Select(message => message.Payload).ToListAsync(TestContext.Current.CancellationToken));
        kinds.Count(payload => payload.Contains("WrongCode", StringComparison.Ordinal)).ShouldBe(2);
        kinds.Count(payload => payload.Contains("GuessBudgetExhausted", StringComparison.Ordinal)).ShouldBe(1);
        await world.Smtp.WaitForAsync(
            mail => mail.IsTo(email) && mail.Message.Subject!.Contains("sign-in stopped after wrong codes", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
    }

    private static async Task ExhaustAsync(World world, string email)
    {
        for (var i = 0; i < 2; i++)
        {
            var browser = world.OpenBrowser();
            var page = await browser.ReachCodePageAsync("/sign-in", email);
            var right = await browser.ReadCodeAsync(email);
            for (var shift = 1; shift <= 5; shift++)
            {
                await browser.EnterCodeAsync(page, Browser.WrongCode(right, shift));
            }
        }
    }

    private static Task<int> EvaluatedAsync(World world) => world.ReadAsync(db =>
        db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.CodeWrong, TestContext.Current.CancellationToken));
}

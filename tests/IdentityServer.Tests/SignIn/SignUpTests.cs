using System.Net;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.SignIn;

/// <summary>People make accounts for themselves: no account before the address is proven, and no word about accounts that exist.</summary>
public sealed class SignUpTests
{
    private const string Mail = MailboxPages.SignUpMail;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Somebody_makes_an_account_and_signs_in_with_both_steps(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (browser, email) = (world.OpenBrowser(), NewAddress());

        var page = await browser.AskForAccountAsync(email);
        page.Document.Body!.TextContent.ShouldContain($"{email[0]}•••@example.com");
        var confirmed = await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email, Mail));

        confirmed.Parameter("reason").ShouldBe("account-made");
        browser.Seen.ShouldAllBe(answer => !answer.OpensSession);
        (await browser.SignInAsync("/sign-in", email)).Document.Body!.TextContent.ShouldContain($"signed in as {email}");
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).EmailVerified.ShouldBeTrue();
        (await world.ReadAsync(db => db.PendingAccounts.CountAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task An_account_whose_address_is_not_proven_cannot_sign_in()
    {
        await using var world = await World.StartAsync();
        var (browser, email) = (world.OpenBrowser(), NewAddress());
        await browser.AskForAccountAsync(email);

        var refused = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email);

        refused.Alert.ShouldBe("Address or password is not right. Check both and try again.");
        (await world.ReadAsync(db => db.Users.CountAsync(user => user.Email == email))).ShouldBe(0);
    }

    [Fact]
    public async Task An_address_with_an_account_is_answered_alike_and_its_owner_is_told_by_mail()
    {
        await using var world = await World.StartAsync();
        var taken = await world.AddUserAsync("taken@example.com");
        var (stranger, somebody) = (world.OpenBrowser(), world.OpenBrowser());

        var forTaken = await stranger.AskForAccountAsync(taken, "the-stranger-would-like");
        var forFree = await somebody.AskForAccountAsync("trial@example.com", "the-stranger-would-like");

        forTaken.Likeness().ShouldBe(forFree.Likeness());
        (await stranger.EnterCodeAsync(forTaken, "00000")).Likeness().ShouldBe((await somebody.EnterCodeAsync(forFree, "00000")).Likeness());
        var mail = await stranger.ReadMailAsync(taken, "you have an account already");
        mail.Message.TextBody!.ShouldNotMatch("(?m)^[0-9]{5}$");
        await world.OpenBrowser().SignInAsync("/sign-in", taken); // with the password as it was
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_who_prove_one_address_at_once_get_one_account(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = NewAddress();
        var browsers = new[] { world.OpenBrowser(), world.OpenBrowser() };
        var pages = new List<(Browser Browser, Answer Page, string Code)>();
        foreach (var browser in browsers)
        {
            pages.Add((browser, await browser.AskForAccountAsync(email), await browser.ReadCodeAsync(email, Mail)));
        }

        var answers = await Task.WhenAll(pages.Select(open => open.Browser.EnterCodeAsync(open.Page, open.Code)));

        answers.Select(answer => answer.Parameter("reason")).ShouldBe(["account-made", "code-void"], ignoreOrder: true);
        (await world.ReadAsync(db => db.Users.CountAsync(user => user.Email == email))).ShouldBe(1);
        (await world.ReadAsync(db => db.AccountGuessBudgets.CountAsync())).ShouldBe(await world.ReadAsync(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task A_code_of_one_purpose_is_void_for_another()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var (signIn, signUp, reset) = (
            await browser.ReachCodePageAsync("/sign-in", email),
            await browser.AskForAccountAsync(NewAddress()),
            await browser.AskForResetAsync(email));
        var code = await browser.ReadCodeAsync(email, MailboxPages.ResetMail);

        foreach (var (page, path) in new[] { (reset, "/sign-in/code"), (signUp, "/sign-in/code"), (signIn, "/sign-up/code"), (reset, "/sign-up/code"), (signIn, "/reset/code"), (signUp, "/reset/code") })
        {
            var form = page.Document.Forms.First(candidate => candidate.QuerySelector("[name=Digits]") is not null);
            var query = new Uri(new Uri("http://x"), form.GetAttribute("action")!).Query;
            (await browser.GetAsync(path + query)).Parameter("reason").ShouldBe("code-void");
            var posted = await browser.PostAsync(path + query, new Dictionary<string, string>
            {
                ["Digits"] = code,
                ["Password"] = MailboxPages.NewPassword,
                ["antiforgery"] = ((AngleSharp.Html.Dom.IHtmlInputElement)form.QuerySelector("[name=antiforgery]")!).Value,
            });
            posted.Parameter("reason").ShouldBe("code-void", path);
        }

        browser.Seen.ShouldAllBe(answer => !answer.OpensSession);
        (await browser.ChooseAsync(reset, code)).Parameter("reason").ShouldBe("password-changed"); // and none of that had cost a try
    }

    [Fact]
    public async Task A14_The_prompt_create_leads_to_the_sign_up_and_back_into_the_flow()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var (browser, email) = (world.OpenBrowser(), NewAddress());

        var page = await browser.AskForAccountAsync(email, start: client.Start(("prompt", "create")));
        var confirmed = await browser.FollowAsync(await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email, Mail)));
        confirmed.Document.Body!.TextContent.ShouldContain("to continue to Test app");
        var code = await browser.FollowAsync(await browser.EnterPasswordAsync(confirmed, email));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(code, await browser.ReadCodeAsync(email)));

        (await client.ExchangeAsync(back.Parameter("code").ShouldNotBeNull(back.Body))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Where_sign_up_is_off_nothing_offers_it()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["SignUp:Enabled"] = "false");
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        (await browser.GetAsync("/sign-up")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync("/sign-up/code")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync("/sign-in")).Body.ShouldNotContain("/sign-up");
        var discovery = JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body).RootElement;
        discovery.GetProperty("prompt_values_supported").EnumerateArray().Select(value => value.GetString()).ShouldNotContain("create");
        (await browser.GetAsync(client.Start(("prompt", "create")))).Parameter("error").ShouldBe("invalid_request");
    }

    [Fact]
    public async Task Ten_guesses_a_day_are_made_at_an_address_over_however_many_sign_ups()
    {
        await using var world = await World.StartAsync();
        var email = NewAddress();
        for (var round = 0; round < 3; round++)
        {
            var browser = world.OpenBrowser();
            var page = await browser.AskForAccountAsync(email);
            var right = await browser.ReadCodeAsync(email, Mail);
            for (var guess = 1; guess <= 5; guess++)
            {
                await browser.EnterCodeAsync(page, Browser.WrongCode(right, guess));
            }
        }

        (await world.ReadAsync(db => db.AuditEvents.CountAsync(audit => audit.Name == AuditEvents.CodeWrong))).ShouldBe(10);
    }

    [Fact]
    public async Task The_fourth_mail_in_an_hour_to_an_address_is_refused_whether_or_not_it_has_an_account()
    {
        await using var world = await World.StartAsync();
        foreach (var email in new[] { NewAddress(), await world.AddUserAsync() })
        {
            for (var round = 0; round < 3; round++)
            {
                await world.OpenBrowser().AskForAccountAsync(email);
            }

            var refused = await world.OpenBrowser().TryAccountAsync(email);

            refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Message.Headers.RetryAfter.ShouldNotBeNull();
            refused.Alert!.ShouldStartWith("Many accounts were asked for lately");
        }
    }

    [Fact]
    public async Task A_network_asks_for_twenty_codes_an_hour()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        for (var round = 0; round < 20; round++)
        {
            (await (round % 2 == 0 ? browser.TryAccountAsync(NewAddress()) : browser.TryResetAsync(NewAddress()))).Status.ShouldBe(HttpStatusCode.SeeOther);
        }

        (await browser.TryAccountAsync(NewAddress())).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await browser.TryResetAsync(NewAddress())).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await world.OpenBrowser().TryResetAsync(NewAddress())).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Theory]
    [InlineData("short", "The password is too short: use at least 12 characters.")]
    [InlineData("passwordpassword", "That password is among the first that somebody would guess. Choose another.")]
    public async Task A_password_that_does_not_do_is_refused_with_the_reason_and_the_address_kept(string password, string reason)
    {
        await using var world = await World.StartAsync();

        var refused = await world.OpenBrowser().TryAccountAsync("kept@example.com", password);

        refused.Status.ShouldBe(HttpStatusCode.OK);
        refused.Alert.ShouldBe(reason);
        ((AngleSharp.Html.Dom.IHtmlInputElement)refused.Document.QuerySelector("#email")!).Value.ShouldBe("kept@example.com");
        refused.Document.QuerySelector("#password")!.GetAttribute("autocomplete").ShouldBe("new-password");
    }

    private static string NewAddress() => $"new-{Guid.NewGuid():N}@example.com";
}

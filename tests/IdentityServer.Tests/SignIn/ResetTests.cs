using System.Buffers.Text;
using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.SignIn;

/// <summary>Threats 11 to 14: a password is chosen anew through the mailbox alone, by whoever asked, once, and without signing in.</summary>
public sealed class ResetTests
{
    private const string Mail = MailboxPages.ResetMail;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_sets_the_password_and_signs_nobody_in(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();

        await browser.ResetAsync(email);

        browser.Seen.ShouldAllBe(answer => !answer.OpensSession);
        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email)).Alert!.ShouldStartWith("Address or password");
        var page = await browser.FollowAsync(await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email, MailboxPages.NewPassword));
        (await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email))).OpensSession.ShouldBeTrue();
    }

    [Fact]
    public async Task An_address_without_an_account_is_answered_alike_and_gets_no_mail()
    {
        await using var world = await World.StartAsync();
        var known = await world.AddUserAsync();
        var (one, other) = (world.OpenBrowser(), world.OpenBrowser());

        var forKnown = await one.AskForResetAsync(known);
        var forUnknown = await other.AskForResetAsync("nobody@example.com");

        forKnown.Likeness().ShouldBe(forUnknown.Likeness());
        var right = await one.ReadCodeAsync(known, Mail);
        for (var guess = 1; guess <= 6; guess++)
        {
            var (a, b) = (await one.ChooseAsync(forKnown, Browser.WrongCode(right, guess)), await other.ChooseAsync(forUnknown, Browser.WrongCode(right, guess)));
            a.Likeness().ShouldBe(b.Likeness());
            a.Parameter("reason").ShouldBe(b.Parameter("reason"));
        }

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        world.Smtp.Mails.ShouldNotContain(mail => mail.Recipients.Contains("nobody@example.com"));
    }

    [Fact]
    public async Task No_address_of_the_page_tells_whether_there_was_somebody_to_mail_to()
    {
        await using var world = await World.StartAsync();
        var known = await world.AddUserAsync();
        var former = await world.AddUserAsync();
        await (await world.OpenAccountAsync(former)).Browser.ChangeAddressAsync("moved@example.com");
        var answers = new List<string>();
        foreach (var email in new[] { known, "nobody@example.com", former })
        {
            var browser = world.OpenBrowser();
            var page = await browser.AskForResetAsync(email);
            await world.AdvanceAsync(TimeSpan.FromSeconds(1)); // whatever is mailed is on its way
            var address = page.Message.RequestMessage!.RequestUri!.PathAndQuery;
            page.Document.QuerySelector("#ending")!.GetAttribute("data-state").ShouldBeNullOrEmpty();
            answers.Add((await browser.GetAsync(address)).Likeness() + (await browser.GetAsync($"{address}&handler=State")).Status);
        }

        answers.Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task No_browser_that_signed_in_before_uses_up_the_resets_of_another()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (one, _) = await world.OpenAccountAsync(email);
        var (other, _) = await world.OpenAccountAsync(email);
        for (var mail = 0; mail < 3; mail++)
        {
            await one.AskForResetAsync(email);
        }

        (await one.TryResetAsync(email)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await other.TryResetAsync(email)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_ends_every_session_and_token_of_the_account_and_no_others(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (email, other) = (await world.AddUserAsync(), await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var (tokens, others) = (await client.SignInAsync(email), await client.SignInAsync(other));
        var signedIn = world.OpenBrowser();
        await signedIn.SignInAsync("/sign-in", email);

        await world.OpenBrowser().ResetAsync(email);

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await signedIn.GetAsync("/")).Body.ShouldNotContain(email);
        (await client.RefreshAsync(others.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_reset_lets_an_account_sign_in_again_whose_guess_budget_was_used_up()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        for (var round = 0; round < 2; round++)
        {
            var guesser = world.OpenBrowser();
            var page = await guesser.ReachCodePageAsync("/sign-in", email);
            var right = await guesser.ReadCodeAsync(email);
            for (var guess = 1; guess <= 5; guess++)
            {
                await guesser.EnterCodeAsync(page, Browser.WrongCode(right, guess));
            }
        }

        var browser = world.OpenBrowser();
        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email)).Alert!.ShouldContain("Forgot your password?");
        await browser.ResetAsync(email);

        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email, MailboxPages.NewPassword));
        (await browser.EnterCodeAsync(codePage, await browser.ReadCodeAsync(email))).OpensSession.ShouldBeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_twenty_answers_at_once_with_the_right_code_one_sets_the_password(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.AskForResetAsync(email);
        var code = await browser.ReadCodeAsync(email, Mail);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => browser.ChooseAsync(page, code, $"{MailboxPages.NewPassword}-{number}")));

        answers.Count(answer => answer.Parameter("reason") == "password-changed").ShouldBe(1);
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(audit => audit.Name == AuditEvents.PasswordReset))).ShouldBe(1);
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).CredentialVersion.ShouldBe(1);
        var winner = Array.FindIndex(answers, answer => answer.Parameter("reason") == "password-changed");
        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email, $"{MailboxPages.NewPassword}-{winner}")).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task A_code_asked_for_before_the_password_changed_is_void_afterwards()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (first, second, signingIn) = (world.OpenBrowser(), world.OpenBrowser(), world.OpenBrowser());
        var early = await first.AskForResetAsync(email);
        var earlyCode = await first.ReadCodeAsync(email, Mail);
        var signIn = await signingIn.ReachCodePageAsync("/sign-in", email);
        var signInCode = await signingIn.ReadCodeAsync(email);

        await second.ResetAsync(email);

        (await first.ChooseAsync(early, earlyCode)).Parameter("reason").ShouldBe("code-void");
        (await signingIn.EnterCodeAsync(signIn, signInCode)).OpensSession.ShouldBeFalse();
    }

    [Fact]
    public async Task A_code_is_of_no_use_in_another_browser_or_after_half_an_hour()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.AskForResetAsync(email);
        var code = await browser.ReadCodeAsync(email, Mail);

        // The thief knows the code and the challenge, and makes up a cookie: the right challenge with another secret.
        var thief = world.OpenBrowser();
        var own = await thief.AskForResetAsync("nobody@example.com");
        var handle = browser.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal));
        var secret = Base64Url.DecodeFromChars(handle.Value);
        secret[^1] ^= 1;
        thief.Cookies.Add(world.Server.Address, new Cookie(handle.Name, Base64Url.EncodeToString(secret)));
        var antiforgery = ((AngleSharp.Html.Dom.IHtmlInputElement)own.Document.QuerySelector("form [name=antiforgery]")!).Value;
        (await thief.PostAsync(
            page.Message.RequestMessage!.RequestUri!.PathAndQuery,
            new Dictionary<string, string> { ["Digits"] = code, ["Password"] = MailboxPages.NewPassword, ["antiforgery"] = antiforgery }))
            .Parameter("reason").ShouldBe("code-void");
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).CredentialVersion.ShouldBe(0);

        await world.AdvanceAsync(TimeSpan.FromMinutes(30));
        (await browser.ChooseAsync(page, code)).Parameter("reason").ShouldBe("code-void");
    }

    [Fact]
    public async Task A_password_that_is_refused_costs_no_try_and_keeps_the_code()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.AskForResetAsync(email);
        var code = await browser.ReadCodeAsync(email, Mail);

        for (var round = 0; round < 6; round++)
        {
            page = await browser.ChooseAsync(page, code, "short");
            page.Alert.ShouldBe("The password is too short: use at least 12 characters.");
            ((AngleSharp.Html.Dom.IHtmlInputElement)page.Document.QuerySelector("#code")!).Value.ShouldBe(code);
        }

        (await browser.ChooseAsync(page, code)).Parameter("reason").ShouldBe("password-changed");
    }

    [Fact]
    public async Task Wrong_codes_of_resets_use_up_nothing_that_the_owner_signs_in_by()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var owner = world.OpenBrowser(network: "203.0.113.5");
        await owner.SignInAsync("/sign-in", email);
        for (var round = 0; round < 3; round++)
        {
            var stranger = world.OpenBrowser(network: "203.0.113.5"); // behind the same address as the owner
            var page = await stranger.AskForResetAsync(email);
            var right = await stranger.ReadCodeAsync(email, Mail);
            for (var guess = 1; guess <= 5; guess++)
            {
                await stranger.ChooseAsync(page, Browser.WrongCode(right, guess));
            }
        }

        (await world.OpenBrowser().TryResetAsync(email)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await world.OpenBrowser(network: "203.0.113.5").SignInAsync("/sign-in", email)).Document.Body!.TextContent.ShouldContain($"signed in as {email}");
        await owner.ResetAsync(email); // in the browser that signed in before
    }

    [Fact]
    public async Task Twenty_wrong_codes_without_a_password_do_not_stop_the_sign_ins_of_their_network()
    {
        const string Office = "203.0.113.9";
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var stranger = world.OpenBrowser(network: Office);
        for (var round = 0; round < 4; round++)
        {
            var page = await stranger.AskForResetAsync($"nobody-{round}@example.com");
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => stranger.ChooseAsync(page, "12345")));
        }

        (await world.OpenBrowser(network: Office).SignInAsync("/sign-in", email)).Document.Body!.TextContent.ShouldContain($"signed in as {email}");
    }

    [Fact]
    public async Task Strangers_cannot_use_up_the_mails_of_a_browser_that_signed_in_before()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var owner = world.OpenBrowser();
        await owner.SignInAsync("/sign-in", email);
        for (var round = 0; round < 3; round++)
        {
            await world.OpenBrowser().AskForResetAsync(email);
        }

        (await world.OpenBrowser().TryResetAsync(email)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await owner.TryResetAsync(email)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task The_owner_is_told_by_mail_when_from_where_and_without_a_link()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser(network: "203.0.113.77");

        await browser.ResetAsync(email);

        var mail = await browser.ReadMailAsync(email, "your password was changed");
        mail.Message.TextBody!.ShouldContain("Browser: Firefox on Linux");
        mail.Message.TextBody!.ShouldContain("Network: 203.0.113.77");
        mail.Message.TextBody!.ShouldNotContain("://");
    }

    [Fact]
    public async Task The_way_goes_back_into_the_clients_flow()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var signIn = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        var reset = signIn.Document.QuerySelector("a[href^='/reset']")!.GetAttribute("href")!;

        var page = await browser.AskForResetAsync(email, reset);
        var changed = await browser.FollowAsync(await browser.ChooseAsync(page, await browser.ReadCodeAsync(email, Mail)));
        var code = await browser.FollowAsync(await browser.EnterPasswordAsync(changed, email, MailboxPages.NewPassword));
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(code, await browser.ReadCodeAsync(email)));

        (await client.ExchangeAsync(back.Parameter("code").ShouldNotBeNull(back.Body))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("\uFFFEsomebody@example.com")]
    [InlineData("some\u202Ebody@example.com")]
    [InlineData("a@b.c\r\nBcc: all@example.com")]
    [InlineData("<script>@example.com")]
    public async Task Hostile_addresses_and_passwords_are_refused_in_words(string hostile)
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();

        (await browser.TryResetAsync(hostile)).Alert!.ShouldStartWith("That is not an e-mail address.");
        (await browser.TryAccountAsync(hostile, hostile + hostile)).Document.QuerySelector("#email-problem").ShouldNotBeNull();
        (await browser.TryAccountAsync("fine@example.com", "\uFFFE" + new string('x', 20))).Alert!.ShouldStartWith("The password holds something that is not text.");
        (await browser.TryAccountAsync("fine@example.com", new string('x', 5_000))).Alert!.ShouldStartWith("The password is too long");
        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), hostile, hostile)).Status.ShouldBe(HttpStatusCode.OK);
        browser.Seen.ShouldAllBe(answer => (int)answer.Status < 500);
        world.Smtp.Mails.ShouldBeEmpty();
    }
}

using System.Net;
using IdentityServer.Alerts;
using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Outbox;
using IdentityServer.SignIn.Changes;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Account;

/// <summary>Threat 15: an address is changed by whoever reads both mailboxes, and can be had back by the one who reads the former.</summary>
public sealed class AddressChangeTests
{
    private const string New = "new@example.com";
    private const string Mail = AccountPages.NewAddressMail;
    private const string RestoreMail = "code to have your account back";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_takes_effect_with_the_code_from_the_new_mailbox_and_both_are_told(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var elsewhere = await client.SignInAsync(email);
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");

        var page = await browser.AskForAddressAsync(New);
        var warning = await browser.ReadMailAsync(email, "another address was asked for");
        warning.Text.ShouldContain("n•••@example.com");
        var code = await browser.ReadCodeAsync(New, Mail);
        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == email))).ShouldBeTrue();
        var done = await browser.EnterCodeAsync(page, code);

        done.Parameter("done").ShouldBe("changed", done.Body);
        await browser.ReadMailAsync(email, "your address was changed");
        await browser.ReadMailAsync(New, "this is your address now");
        world.Smtp.Mails.ShouldNotContain(mail => mail.Recipients.Contains(email) && mail.Text.Contains(code));
        (await browser.GetAsync("/account")).Body.ShouldContain(New);
        (await client.RefreshAsync(elsewhere.RefreshToken!)).Error.ShouldBe("invalid_grant");
        var other = world.OpenBrowser();
        (await other.EnterPasswordAsync(await other.GetAsync("/sign-in"), email)).Alert!.ShouldStartWith("Address or password");
        (await other.SignInAsync("/sign-in?then=/account", New)).Path().ShouldBe("/account");
    }

    [Fact]
    public async Task Nothing_changes_without_the_right_code_and_without_the_password()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");

        (await browser.TryAddressAsync(New, "not-the-password")).Alert.ShouldBe("The present password is not right. Check it and try again.");
        (await browser.TryAddressAsync("no address")).Document.QuerySelector("#email-problem").ShouldNotBeNull();
        (await browser.TryAddressAsync(email.ToUpperInvariant())).Document.QuerySelector("#email-problem")!.TextContent.ShouldStartWith("That is the address that you have");
        world.Smtp.Mails.ShouldNotContain(mail => mail.Recipients.Contains(New));

        var page = await browser.AskForAddressAsync(New);
        var code = await browser.ReadCodeAsync(New, Mail);
        for (var guess = 1; guess < 5; guess++)
        {
            (await browser.EnterCodeAsync(page, Browser.WrongCode(code, guess))).Status.ShouldBe(HttpStatusCode.OK);
        }

        (await browser.EnterCodeAsync(page, Browser.WrongCode(code, 5))).Parameter("done").ShouldBe("code-void");
        (await browser.EnterCodeAsync(page, code)).Parameter("done").ShouldBe("code-void");
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).CredentialVersion.ShouldBe(0);
    }

    [Theory]
    [InlineData("new@example.com, third@example.com")]
    [InlineData("new@example.com\r\nBcc: third@example.com")]
    [InlineData("new@example.com\nthird@example.com")]
    [InlineData("<new@example.com> third@example.com")]
    [InlineData("n\u202Eew@example.com")]
    public async Task An_address_that_is_more_than_one_is_none(string address)
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/address");
        var before = world.Smtp.Mails.Count;

        (await browser.TryAddressAsync(address)).Document.QuerySelector("#email-problem").ShouldNotBeNull();

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        world.Smtp.Mails.Count.ShouldBe(before);
    }

    [Fact]
    public async Task An_address_that_has_an_account_is_answered_alike_and_its_owner_is_told()
    {
        await using var world = await World.StartAsync();
        var (email, taken) = (await world.AddUserAsync(), await world.AddUserAsync());
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");

        var forFree = (await browser.AskForAddressAsync("free@example.com")).Likeness();
        var page = await browser.AskForAddressAsync(taken);

        page.Likeness().ShouldBe(forFree);
        (await browser.ReadMailAsync(taken, "somebody gave your address")).Text.ShouldNotMatch("(?m)^[0-9]{5}\r?$");
        (await world.ReadAsync(db => db.Users.CountAsync(user => user.Email == taken))).ShouldBe(1);
    }

    [Fact]
    public async Task Asking_again_voids_the_code_of_the_change_before()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        var first = await browser.AskForAddressAsync("first@example.com");
        var firstCode = await browser.ReadCodeAsync("first@example.com", Mail);
        var second = await browser.AskForAddressAsync("second@example.com");

        (await browser.EnterCodeAsync(first, firstCode)).Parameter("done").ShouldBe("code-void");
        (await browser.EnterCodeAsync(second, await browser.ReadCodeAsync("second@example.com", Mail))).Parameter("done").ShouldBe("changed");
        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe("second@example.com");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_accounts_that_prove_the_same_address_at_once_one_gets_it(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (one, other) = (await ReadyAsync(world), await ReadyAsync(world));

        var answers = await Task.WhenAll(one.Browser.EnterCodeAsync(one.Page, one.Code), other.Browser.EnterCodeAsync(other.Page, other.Code));

        answers.Select(answer => answer.Parameter("done")).ShouldBe(["changed", "code-void"], ignoreOrder: true);
        (await world.ReadAsync(db => db.Users.CountAsync(user => user.Email == New))).ShouldBe(1);
        (await world.ReadAsync(db => db.FormerAddresses.CountAsync())).ShouldBe(1);
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.AddressChanged))).ShouldBe(1);

        static async Task<(Browser Browser, Answer Page, string Code)> ReadyAsync(World world)
        {
            var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/address");
            var page = await browser.AskForAddressAsync(New);
            return (browser, page, await browser.ReadCodeAsync(New, Mail));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_twenty_answers_at_once_with_the_right_code_one_changes_the_address(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/address");
        var page = await browser.AskForAddressAsync(New);
        var code = await browser.ReadCodeAsync(New, Mail);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => browser.EnterCodeAsync(page, code)));

        answers.Count(answer => answer.Parameter("done") == "changed").ShouldBe(1);
        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).CredentialVersion.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_from_the_present_mailbox_stops_a_change_that_is_under_way(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var (thief, _) = await world.OpenAccountAsync(email, "/account/address");
        var page = await thief.AskForAddressAsync(New);
        var code = await thief.ReadCodeAsync(New, Mail);
        var owner = world.OpenBrowser();
        var reset = await owner.AskForResetAsync(email);
        var resetCode = await owner.ReadCodeAsync(email, MailboxPages.ResetMail);

        // At once: whichever is first, the owner has the account in the end, and nothing is half done.
        var (chosen, changed) = (owner.ChooseAsync(reset, resetCode), thief.EnterCodeAsync(page, code));
        await Task.WhenAll(chosen, changed);

        if ((await chosen).Parameter("reason") == "code-void")
        {
            (await changed).Parameter("done").ShouldBe("changed"); // it was first, and voided the reset
            await owner.ResetAsync(email, subject: RestoreMail);
        }

        var user = await world.ReadAsync(db => OwnUsers(db).SingleAsync());
        user.Email.ShouldBe(email);
        (await thief.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await owner.EnterPasswordAsync(await owner.GetAsync("/sign-in"), email, MailboxPages.NewPassword)).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await world.ReadAsync(db => db.PendingAddresses.AnyAsync())).ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task For_three_days_the_former_mailbox_can_have_the_account_back_and_the_new_one_cannot_take_it_again(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var (thief, _) = await world.OpenAccountAsync(email, "/account/address");
        await thief.ChangeAddressAsync(New);
        await world.AdvanceAsync(TimeSpan.FromDays(3) - TimeSpan.FromSeconds(1));
        var owner = world.OpenBrowser();

        await owner.ResetAsync(email, subject: RestoreMail);

        owner.Seen.ShouldAllBe(answer => !answer.OpensSession);
        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe(email);
        (await thief.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await owner.ReadMailAsync(New, "this is no longer your address")).Text.ShouldContain("u•••@example.com");
        (await owner.EnterPasswordAsync(await owner.GetAsync("/sign-in"), email, MailboxPages.NewPassword)).Status.ShouldBe(HttpStatusCode.SeeOther);

        // The way back is closed: whoever had the account meanwhile proves a mailbox that it no longer has to do with.
        await world.OpenBrowser().AskForResetAsync(New);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        world.Smtp.Mails.ShouldNotContain(mail => mail.Recipients.Contains(New) && mail.Message.Subject!.Contains(MailboxPages.ResetMail));
    }

    [Fact]
    public async Task After_three_days_the_former_address_is_an_address_like_any_other()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        await browser.ChangeAddressAsync(New);
        await world.AdvanceAsync(TimeSpan.FromDays(3));

        await world.OpenBrowser().AskForResetAsync(email);

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        world.Smtp.Mails.ShouldNotContain(mail => mail.Recipients.Contains(email) && (mail.Message.Subject!.Contains(MailboxPages.ResetMail) || mail.Message.Subject!.Contains(RestoreMail)));
        (await world.ReadAsync(db => db.PendingAddresses.AnyAsync())).ShouldBeFalse();
    }

    [Fact]
    public async Task However_often_the_address_was_changed_the_oldest_mailbox_comes_first()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (thief, _) = await world.OpenAccountAsync(email, "/account/address");
        await thief.ChangeAddressAsync("second@example.com");
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await thief.ChangeAddressAsync("third@example.com");

        // The one in between has it back first, which must not take the right from the one before.
        await world.OpenBrowser().ResetAsync("second@example.com", subject: RestoreMail);
        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe("second@example.com");
        await world.OpenBrowser().ResetAsync(email, subject: RestoreMail);

        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe(email);
        (await world.ReadAsync(db => db.FormerAddresses.AnyAsync())).ShouldBeFalse();
    }

    [Fact]
    public async Task A_former_address_that_has_an_account_of_its_own_by_now_stands_for_that_one()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        var early = world.OpenBrowser();
        await browser.ChangeAddressAsync(New);
        var early1 = await early.AskForResetAsync(email);
        var earlyCode = await early.ReadCodeAsync(email, RestoreMail);
        var other = await world.AddUserAsync();
        await world.ReadAsync(db => db.Users.Where(user => user.Email == other)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.Email, email).SetProperty(user => user.NormalizedEmail, email))); // however it came by it

        await world.OpenBrowser().ResetAsync(email);
        var late = await early.ChooseAsync(early1, earlyCode);

        late.Parameter("reason").ShouldBe("code-void");
        (await world.ReadAsync(db => OwnUsers(db).Select(user => user.Email).ToListAsync()))
            .ShouldBe([New, email], ignoreOrder: true);
        (await world.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(user => user.Email == New))).CredentialVersion.ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_bars_the_way_back_by_taking_the_former_address()
    {
        await using var world = await World.StartAsync();
        var (email, second) = (await world.AddUserAsync(), await world.AddUserAsync());
        var (thief, _) = await world.OpenAccountAsync(email, "/account/address");
        await thief.ChangeAddressAsync(New);

        // By an account of their own, with the code or without; the mailbox is told instead.
        var signingUp = world.OpenBrowser();
        await signingUp.AskForAccountAsync(email);
        var told = await signingUp.ReadMailAsync(email, "somebody gave your address");
        told.Text.ShouldNotMatch("(?m)^[0-9]{5}\r?$");
        told.Text.ReplaceLineEndings(" ").ShouldContain("after 09:00 UTC on 5 March 2026");
        var (other, _) = await world.OpenAccountAsync(second, "/account/address");
        await other.AskForAddressAsync(email);
        (await other.ReadMailAsync(email, "somebody gave your address")).Text.ShouldNotMatch("(?m)^[0-9]{5}\r?$");
        EmailAddress.TryParse(email, out var address).ShouldBeTrue();
        (await world.Server.InScopeAsync(services => services.GetRequiredService<UserDirectory>().CreateAsync(
            new(address!, null, EmailVerified: false, StandardClaims.None), TestContext.Current.CancellationToken))).ShouldBeOfType<UserCreation.AddressTaken>();

        await world.OpenBrowser().ResetAsync(email, subject: RestoreMail);
        (await world.ReadAsync(db => OwnUsers(db).OrderBy(user => user.Email).Select(user => user.Email).ToListAsync())).ShouldBe([email, second], ignoreOrder: true);
    }

    [Fact]
    public async Task A_sign_up_that_was_asked_for_before_the_address_was_left_gets_nothing_either()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (owner, _) = await world.OpenAccountAsync(email, "/account/address");
        await owner.ChangeAddressAsync(New);
        await world.ReadAsync(db => db.FormerAddresses.ExecuteDeleteAsync()); // nobody had it of late
        var signingUp = world.OpenBrowser();
        var page = await signingUp.AskForAccountAsync(email);
        var code = await signingUp.ReadCodeAsync(email, MailboxPages.SignUpMail);
        await world.ReadAsync(async db =>
        {
            var id = (await OwnUsers(db).SingleAsync()).Id;
            db.FormerAddresses.Add(new() { UserId = id, Email = email, NormalizedEmail = email, ChangedAt = world.Clock.GetUtcNow(), ExpiresAt = world.Clock.GetUtcNow().AddDays(3) });
            return await db.SaveChangesAsync();
        });

        (await signingUp.EnterCodeAsync(page, code)).Parameter("reason").ShouldBe("code-void");

        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe(New);
    }

    [Fact]
    public async Task An_operator_gives_an_account_another_address_and_closes_the_way_back()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        await browser.ChangeAddressAsync(New);
        Task<bool> ChangeAsync(string present, string to) => world.Server.InScopeAsync(async services =>
        {
            var help = services.GetRequiredService<OperatorHelp>();
            EmailAddress.TryParse(to, out var address).ShouldBeTrue();
            return await help.ChangeAddressAsync((await help.FindAsync(present, TestContext.Current.CancellationToken))!, address!, TestContext.Current.CancellationToken);
        });

        // Found by the address that it had, too; the present one closes the way back and nothing else.
        (await ChangeAsync(email, New)).ShouldBeTrue();
        (await world.ReadAsync(db => db.FormerAddresses.AnyAsync())).ShouldBeFalse();
        (await browser.GetAsync("/account")).Target().ShouldBe("/sign-in");
        await world.OpenBrowser().AskForResetAsync(email);
        (await ChangeAsync(New, "third@example.com")).ShouldBeTrue();

        world.Server.Services.GetRequiredService<OutboxSignal>().Notify();
        await browser.ReadMailAsync("third@example.com", "your address was changed");
        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe("third@example.com");
        (await world.ReadAsync(db => db.FormerAddresses.AnyAsync())).ShouldBeFalse();
        world.Smtp.Mails.ShouldNotContain(mail => mail.Message.Subject!.Contains(RestoreMail));
    }

    [Fact]
    public async Task What_happened_before_a_change_is_told_to_the_address_that_the_account_had_then()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var before = world.Clock.GetUtcNow();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await browser.ChangeAddressAsync(New);

        // As a relay that was away for a while lets it happen.
        await world.ReadAsync(async db =>
        {
            db.OutboxMessages.Add(AlertHandler.Message(AlertKind.NewBrowser, (await OwnUsers(db).SingleAsync()).Id, new(null, null, "en"), before));
            return await db.SaveChangesAsync();
        });
        world.Server.Services.GetRequiredService<OutboxSignal>().Notify();

        await browser.ReadMailAsync(email, "sign-in from a new browser");
    }

    [Fact]
    public async Task Who_moves_away_and_back_again_needs_no_way_back()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        await browser.ChangeAddressAsync(New);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));

        await browser.ChangeAddressAsync(email);

        (await world.ReadAsync(db => OwnUsers(db).SingleAsync())).Email.ShouldBe(email);
        (await world.ReadAsync(db => db.FormerAddresses.AsNoTracking().SingleAsync())).Email.ShouldBe(New);
    }

    [Fact]
    public async Task A_password_reset_by_the_former_address_says_in_its_mail_that_it_brings_the_address_back()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        await browser.ChangeAddressAsync(New);
        var owner = world.OpenBrowser();

        var page = await owner.AskForResetAsync(email);

        var mail = await owner.ReadMailAsync(email, "code to have your account back");
        mail.Text.ReplaceLineEndings(" ").ShouldContain("the account gets this address back");
        (await owner.ChooseAsync(page, mail.Code)).Parameter("reason").ShouldBe("password-changed");
    }

    [Fact]
    public async Task A_person_cannot_have_mails_sent_to_many_others()
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/address");
        for (var number = 0; number < 6; number++)
        {
            await browser.From($"203.0.113.{number}").AskForAddressAsync($"other-{number}@example.com");
        }

        var stopped = await browser.From("203.0.113.9").TryAddressAsync("one-more@example.com");

        stopped.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        stopped.Message.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Another_person_in_the_same_browser_cannot_use_the_code()
    {
        await using var world = await World.StartAsync();
        var (email, other) = (await world.AddUserAsync(), await world.AddUserAsync());
        var (browser, _) = await world.OpenAccountAsync(email, "/account/address");
        var page = await browser.AskForAddressAsync(New);
        var code = await browser.ReadCodeAsync(New, Mail);
        await browser.OpenAccountAsync(other, "/account/address");

        (await browser.GetAsync(page.Message.RequestMessage!.RequestUri!.PathAndQuery)).Target().ShouldBe("/account/address");
        (await browser.EnterCodeAsync(page, code)).Status.ShouldNotBe(HttpStatusCode.InternalServerError);

        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == New))).ShouldBeFalse();
    }

    // Without those that Development brings along.
    private static IQueryable<User> OwnUsers(IdentityServerDbContext db) => db.Users.AsNoTracking().Where(user => user.Email != "alice@example.com" && user.Email != "bob@example.com");
}

using System.Net;
using IdentityServer.Audit;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Account;

/// <summary>An account is deleted with both steps, whole, and at once.</summary>
public sealed class DeletionTests
{
    private const string Mail = AccountPages.DeletionMail;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_takes_tokens_sessions_consents_and_all_that_is_kept_along(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (email, neighbour) = (await world.AddUserAsync(), await world.AddUserAsync());
        var client = await world.AddThirdPartyClientAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        var tokens = await client.ExchangeAsync((await ConsentAsync(browser, client)).Parameter("code")!);
        var id = (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).Id;
        await world.OpenAccountAsync(neighbour);
        await browser.AskForAddressAsync("new@example.com"); // asked for only: it waits for its code

        var page = await browser.AskForDeletionAsync();
        var done = await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email, Mail));

        (done.Target(), done.Parameter("reason")).ShouldBe(("/sign-in", "account-deleted"));
        await browser.ReadMailAsync(email, "your account was deleted");
        (await browser.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email)).Alert!.ShouldStartWith("Address or password");

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await world.ReadAsync(async db =>
        {
            (await db.Users.AnyAsync(row => row.Id == id)).ShouldBeFalse();
            (await db.AccountGuessBudgets.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.AuthenticationSessions.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.OtpChallenges.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.ConsentGrants.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.ConsentQuestions.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.OutboxMessages.CountAsync(row => row.UserId == id)).ShouldBe(1, "the one about the deletion");
            (await db.PendingAddresses.AnyAsync(row => row.UserId == id)).ShouldBeFalse();
            (await db.Tokens.AnyAsync(row => row.Subject == id.ToString("D") && row.Status == "valid")).ShouldBeFalse();
            (await db.Users.CountAsync(row => row.Email == neighbour)).ShouldBe(1);
            (await db.AuthenticationSessions.CountAsync(row => row.EndedAt == null)).ShouldBe(1);
            (await db.AuditEvents.CountAsync(row => row.UserId == id && row.Name == AuditEvents.UserDeleted)).ShouldBe(1);
            return true;
        });

        // What the tokens hung on goes with them.
        await world.AdvanceAsync(TimeSpan.FromDays(20));
        await world.Server.InScopeAsync(async services =>
        {
            var rows = services.GetRequiredService<ExpiredRows>();
            while (await rows.DeleteAsync(world.Clock.GetUtcNow(), 500, TestContext.Current.CancellationToken) > 0)
            {
            }

            return true;
        });
        (await world.ReadAsync(db => db.Authorizations.AnyAsync(row => row.Subject == id.ToString("D")))).ShouldBeFalse();
        (await world.ReadAsync(db => db.Tokens.AnyAsync(row => row.Subject == id.ToString("D")))).ShouldBeFalse();
    }

    [Fact]
    public async Task It_takes_the_password_and_a_code_that_is_good_for_this_alone()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        var wrong = await browser.SubmitAsync(await browser.GetAsync("/account/delete"), new Dictionary<string, string> { ["Current"] = "not-the-password" });
        wrong.Alert.ShouldBe("The present password is not right. Check it and try again.");

        var page = await browser.AskForDeletionAsync();
        var code = await browser.ReadCodeAsync(email, Mail);
        var challenge = page.Message.RequestMessage!.RequestUri!.Query;

        // At the other pages that take codes it means nothing, though the browser holds the handle.
        foreach (var path in new[] { "/sign-in/code", "/sign-up/code", "/reset/code", "/account/address/code" })
        {
            var shown = await browser.GetAsync(path + challenge);
            shown.Location.ShouldNotBeNull(path);
            var posted = await browser.PostAsync(path + challenge, new Dictionary<string, string>
            {
                ["antiforgery"] = page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!,
                ["Digits"] = code,
                ["Password"] = MailboxPages.NewPassword,
            });
            posted.Status.ShouldBe(HttpStatusCode.SeeOther, path);
            posted.OpensSession.ShouldBeFalse();
        }

        // And a sign-in's means nothing here.
        var signIn = await browser.ReachCodePageAsync("/sign-in", email);
        var signInCode = await browser.ReadCodeAsync(email);
        (await browser.EnterCodeAsync(page, Browser.WrongCode(code))).Alert!.ShouldStartWith("That code is not right");
        await browser.ReadMailAsync(email, "wrong sign-in code");
        var foreign = await browser.PostAsync("/account/delete/code" + signIn.Message.RequestMessage!.RequestUri!.Query, new Dictionary<string, string>
        {
            ["antiforgery"] = page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!,
            ["Digits"] = signInCode,
        });
        foreign.Parameter("done").ShouldBe("code-void");
        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == email))).ShouldBeTrue();

        (await browser.EnterCodeAsync(page, code)).Parameter("reason").ShouldBe("account-deleted");
    }

    [Fact]
    public async Task As_long_as_a_former_mailbox_may_have_the_account_back_nobody_deletes_it()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        var asked = await browser.AskForDeletionAsync();
        var code = await browser.ReadCodeAsync(email, Mail);
        await browser.ChangeAddressAsync("new@example.com");

        var refused = await browser.SubmitAsync(await browser.GetAsync("/account/delete"), new Dictionary<string, string> { ["Current"] = World.Password });

        refused.Alert!.ShouldStartWith("The address of this account was changed lately");
        refused.Alert.ShouldContain("5 March 2026");
        (await browser.EnterCodeAsync(asked, code)).Parameter("done").ShouldBe("code-void");
        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == "new@example.com"))).ShouldBeTrue();
        await world.AdvanceAsync(TimeSpan.FromDays(3));
        await browser.OpenAccountAsync("new@example.com");
        await browser.AskForDeletionAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deleting_while_somebody_signs_in_leaves_neither_account_nor_session(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        for (var round = 0; round < 4; round++)
        {
            var email = await world.AddUserAsync();
            var client = await world.AddClientAsync();
            var (browser, _) = await world.OpenAccountAsync(email);
            var grant = await browser.FollowAsync(await browser.GetAsync(client.Start()));
            var page = await browser.AskForDeletionAsync();
            var code = await browser.ReadCodeAsync(email, Mail);
            var (other, third) = (world.OpenBrowser(), world.OpenBrowser());
            var waiting = await other.ReachCodePageAsync("/sign-in", email);
            var signInCode = await other.ReadCodeAsync(email);
            var passwordPage = await third.GetAsync("/sign-in");
            var again = (await browser.GetAsync(client.Start())).Location!.OriginalString; // stored; the next hop gives a code

            var deleted = browser.EnterCodeAsync(page, code);
            var answers = await Task.WhenAll(
                deleted, other.EnterCodeAsync(waiting, signInCode), third.EnterPasswordAsync(passwordPage, email), other.GetAsync("/account"), browser.GetAsync(again));
            var tokens = client.ExchangeAsync(grant.Parameter("code")!);

            (await deleted).Parameter("reason").ShouldBe("account-deleted");
            answers.ShouldAllBe(answer => (int)answer.Status < 500);
            (await tokens).Error.ShouldBe("invalid_grant");
            (await other.GetAsync("/account")).Target().ShouldBe("/sign-in");
            (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == email))).ShouldBeFalse();
        }

        (await world.ReadAsync(db => db.AuthenticationSessions.AnyAsync())).ShouldBeFalse();
    }

    private static async Task<Answer> ConsentAsync(Browser browser, RelyingParty client)
    {
        var consent = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        return await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
    }
}

using System.Net;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Account;

/// <summary>A new password for somebody who is signed in and knows the present one.</summary>
public sealed class PasswordChangeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_ends_every_other_session_with_its_tokens_and_tells_the_owner(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var elsewhere = await client.SignInAsync(email);
        var (browser, page) = await world.OpenAccountAsync(email, "/account/password");

        var changed = await ChangeAsync(browser, page);

        changed.Parameter("done").ShouldBe("changed", changed.Body);
        (await browser.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
        (await client.RefreshAsync(elsewhere.RefreshToken!)).Error.ShouldBe("invalid_grant");
        await browser.ReadMailAsync(email, "your password was changed");
        var other = world.OpenBrowser();
        (await other.EnterPasswordAsync(await other.GetAsync("/sign-in"), email)).Alert!.ShouldStartWith("Address or password");
        (await other.EnterPasswordAsync(await other.GetAsync("/sign-in"), email, MailboxPages.NewPassword)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task A_wrong_present_password_changes_nothing_and_counts_as_a_failed_sign_in()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, page) = await world.OpenAccountAsync(email, "/account/password");

        (await ChangeAsync(browser, page, current: "not-the-password")).Alert.ShouldBe("The present password is not right. Check it and try again.");
        for (var attempt = 1; attempt < 8; attempt++)
        {
            await ChangeAsync(browser, page, current: $"guess-{attempt}");
        }

        var stopped = await ChangeAsync(browser, page);
        stopped.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        stopped.Message.Headers.RetryAfter.ShouldNotBeNull();
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).CredentialVersion.ShouldBe(0);
    }

    [Fact]
    public async Task A_new_password_that_breaks_a_rule_is_refused_before_the_present_one_is_checked()
    {
        await using var world = await World.StartAsync();
        var (browser, page) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/password");

        for (var attempt = 0; attempt < 10; attempt++)
        {
            var refused = await ChangeAsync(browser, page, current: "guess", password: "short");
            refused.Status.ShouldBe(HttpStatusCode.OK);
            refused.Document.QuerySelector("#password-problem")!.TextContent.ShouldStartWith("The password is too short");
        }
    }

    [Fact]
    public async Task The_same_password_is_no_change_and_more_than_five_a_day_are_too_many()
    {
        await using var world = await World.StartAsync();
        var (browser, page) = await world.OpenAccountAsync(await world.AddUserAsync(), "/account/password");

        (await ChangeAsync(browser, page, password: World.Password)).Document.QuerySelector("#password-problem")!.TextContent.ShouldStartWith("That is the password that you have");
        var current = World.Password;
        for (var number = 0; number < 5; number++)
        {
            var next = $"{MailboxPages.NewPassword}-{number}";
            (await ChangeAsync(browser, page, current, next)).Parameter("done").ShouldBe("changed");
            current = next;
        }

        var stopped = await ChangeAsync(browser, page, current);
        stopped.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        stopped.Message.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_five_changes_at_once_one_counts(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var (browser, page) = await world.OpenAccountAsync(email, "/account/password");

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(number => ChangeAsync(browser, page, password: $"{MailboxPages.NewPassword}-{number}")));

        answers.ShouldAllBe(answer => answer.Status != HttpStatusCode.InternalServerError);
        answers.Count(answer => answer.Parameter("done") == "changed").ShouldBe(1);
        (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).CredentialVersion.ShouldBe(1);
    }

    [Fact]
    public async Task It_voids_codes_and_a_change_of_address_that_are_under_way()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var signingIn = world.OpenBrowser();
        var signIn = await signingIn.ReachCodePageAsync("/sign-in", email);
        var signInCode = await signingIn.ReadCodeAsync(email);
        var (browser, page) = await world.OpenAccountAsync(email, "/account/password");
        var address = await browser.AskForAddressAsync("new@example.com");
        var addressCode = await browser.ReadCodeAsync("new@example.com", AccountPages.NewAddressMail);

        await ChangeAsync(browser, page);

        (await signingIn.EnterCodeAsync(signIn, signInCode)).OpensSession.ShouldBeFalse();
        (await browser.EnterCodeAsync(address, addressCode)).Parameter("done").ShouldBe("code-void");
        (await world.ReadAsync(db => db.Users.AnyAsync(user => user.Email == email))).ShouldBeTrue();
        (await world.ReadAsync(db => db.PendingAddresses.AnyAsync())).ShouldBeFalse();
    }

    private static Task<Answer> ChangeAsync(
        Browser browser, Answer page, string current = World.Password, string password = MailboxPages.NewPassword) =>
        browser.SubmitAsync(page, new Dictionary<string, string> { ["Current"] = current, ["Password"] = password });
}

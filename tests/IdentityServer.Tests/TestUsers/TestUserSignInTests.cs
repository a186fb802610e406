using System.Net;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.TestUsers;

/// <summary>A test user signs in with both steps like anybody, to its own client alone.</summary>
public sealed class TestUserSignInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_signs_in_with_password_and_code_and_its_tokens_are_like_anybodys(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var client = await world.AddClientAsync();
        var user = await world.AddTestUserAsync(client);
        var browser = world.OpenBrowser();

        var page = await browser.ReachCodePageAsync(client.Start(), user.Email);
        var mail = (await world.ReadTestMailAsync(client, user.Id)).ShouldHaveSingleItem();
        mail.Subject.ShouldContain("sign-in code, requested 09:00 UTC");
        mail.Text.ShouldContain(mail.Code!);
        (await browser.GetAsync(page.Path() + page.Message.RequestMessage!.RequestUri!.Query)).Body.ShouldContain("handed over", Case.Insensitive);
        (await browser.EnterCodeAsync(page, Browser.WrongCode(mail.Code!))).OpensSession.ShouldBeFalse("the code is as mandatory as ever");
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(page, mail.Code!));

        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        tokens.IdTokenClaims.GetProperty("sub").GetString().ShouldBe(user.Id.ToString("D"));
        var info = await client.UserInfoAsync(tokens.AccessToken!);
        (info.Json.GetProperty("email").GetString(), info.Json.GetProperty("email_verified").GetBoolean()).ShouldBe((user.Email, true));
        (await client.RefreshAsync(tokens.RefreshToken!)).AccessToken.ShouldNotBeNull();

        await world.QuietAsync();
        world.Smtp.Mails.ShouldBeEmpty("no mail to a test user ever leaves");
        (await world.ReadTestMailAsync(client, user.Id)).Select(each => each.Code).ShouldBe([null, mail.Code], ignoreOrder: true, "the alert about the wrong code, and the code");
    }

    [Fact]
    public async Task Who_signs_in_for_another_client_is_refused_there()
    {
        await using var world = await World.StartAsync();
        var (own, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var user = await world.AddTestUserAsync(own);
        var browser = world.OpenBrowser();

        var back = await world.SignInAsync(browser, other.Start(), own, user);

        back.Location!.OriginalString.ShouldStartWith(RelyingParty.RedirectUri);
        (back.Parameter("error"), back.Parameter("code")).ShouldBe(("access_denied", null));
        back.Parameter("state").ShouldBe(other.Request()["state"]);
        (await world.ReadAsync(db => db.Authorizations.CountAsync(Cancel))).ShouldBe(0);

        // Its own client is still open to it, with the very session.
        (await browser.FollowAsync(await browser.GetAsync(own.Start()))).Parameter("code").ShouldNotBeNull();
    }

    [Fact]
    public async Task In_a_browser_with_its_session_another_client_asks_for_somebody_else()
    {
        await using var world = await World.StartAsync();
        var (own, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var (user, person) = (await world.AddTestUserAsync(own), await world.AddUserAsync());
        var browser = world.OpenBrowser();
        (await world.SignInAsync(browser, own.Start(), own, user)).Parameter("code").ShouldNotBeNull();

        var silent = await browser.FollowAsync(await browser.GetAsync(other.Start(("prompt", "none"))));
        silent.Parameter("error").ShouldBe("login_required");
        var asked = await browser.FollowAsync(await browser.GetAsync(other.Start()));
        asked.Path().ShouldBe("/sign-in");
        asked.Document.Body!.TextContent.ShouldContain("asks for another account");

        var back = await browser.SignInAsync(other.Start(), person);
        (await other.ExchangeAsync(back.Parameter("code")!)).AccessToken.ShouldNotBeNull();
    }

    [Fact]
    public async Task What_another_client_would_ask_consent_for_is_not_even_asked()
    {
        await using var world = await World.StartAsync();
        var (own, other) = (await world.AddClientAsync(), await world.AddThirdPartyClientAsync());
        var user = await world.AddTestUserAsync(own);

        var back = await world.SignInAsync(world.OpenBrowser(), other.Start(), own, user);

        back.Parameter("error").ShouldBe("access_denied");
        (await world.ReadAsync(db => db.ConsentQuestions.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task Tokens_die_when_the_account_tests_another_client()
    {
        await using var world = await World.StartAsync();
        var (own, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var user = await world.AddTestUserAsync(own);
        var browser = world.OpenBrowser();
        var tokens = await own.ExchangeAsync((await world.SignInAsync(browser, own.Start(), own, user)).Parameter("code")!);
        var code = (await browser.FollowAsync(await browser.GetAsync(own.Start()))).Parameter("code")!;

        // Nothing of ours does this; the guard must not build on that.
        var stranger = (await world.SettingsAsync(other)).Id;
        await world.ReadAsync(db => db.Users.Where(row => row.Id == user.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TestOfClientId, stranger), Cancel));

        (await own.ExchangeAsync(code)).Error.ShouldBe("invalid_grant");
        (await own.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await own.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Without_a_client_it_reaches_its_account_pages_and_neither_moves_nor_deletes_itself()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var user = await world.AddTestUserAsync(client);
        var browser = world.OpenBrowser();
        (await world.SignInAsync(browser, "/sign-in?then=/account", client, user)).Path().ShouldBe("/account");

        var address = await browser.GetAsync("/account/address");
        var deletion = await browser.GetAsync("/account/delete");

        address.Document.QuerySelector("[name=Email]").ShouldBeNull();
        address.Document.Body!.TextContent.ShouldContain("keeps the address that it was made with");
        deletion.Document.QuerySelector("[name=Current]").ShouldBeNull();
        deletion.Document.Body!.TextContent.ShouldContain("deletes it in the developer portal");

        // The forms of a page that has them, sent all the same.
        var form = await browser.GetAsync("/account/password");
        var token = form.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
        foreach (var page in new[] { "/account/address", "/account/delete" })
        {
            var refused = await browser.PostAsync(page, new Dictionary<string, string>
            {
                ["antiforgery"] = token,
                ["Email"] = "person@example.com",
                ["Current"] = World.Password,
            });
            refused.Status.ShouldBe(HttpStatusCode.OK);
            refused.Document.Body!.TextContent.ShouldContain("This is a test user of an app");
        }

        await world.QuietAsync();
        world.Smtp.Mails.ShouldBeEmpty();
        (await world.ReadAsync(db => db.PendingAddresses.CountAsync(Cancel))).ShouldBe(0);
    }
}

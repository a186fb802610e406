using System.Net;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Account;

/// <summary>What is open and who may see what: shown, and ended.</summary>
public sealed class SessionsAndAppsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_person_sees_the_browsers_with_their_last_use_and_signs_out_of_one(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var phone = world.OpenBrowser(network: "198.51.100.77");
        phone.Headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1";
        var tokens = await client.ExchangeAsync((await phone.SignInAsync(client.Start(), email)).Parameter("code")!);
        await world.AdvanceAsync(TimeSpan.FromHours(1));
        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);
        await world.AdvanceAsync(TimeSpan.FromMinutes(7));
        var (browser, page) = await world.OpenAccountAsync(email, "/account/sessions");

        var items = page.Document.QuerySelectorAll(".items > li").Select(item => item.TextContent).ToList();
        items.Count.ShouldBe(2);
        items[0].ShouldContain("Firefox on Linux");
        items[0].ShouldContain("This browser");
        items[1].ShouldContain("Safari on iPhone");
        items[1].ShouldContain("198.51.100.77");
        items[1].ShouldContain("09:00 UTC"); // signed in
        items[1].ShouldContain("10:00 UTC"); // and used by a refresh since
        var ended = await browser.SubmitAsync(page, new Dictionary<string, string>(), formTarget: "handler=End");

        ended.Parameter("done").ShouldBe("ended");
        (await phone.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await client.RefreshAsync(refreshed.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await browser.GetAsync("/account/sessions")).Document.QuerySelectorAll(".items > li").Length.ShouldBe(1);
    }

    [Fact]
    public async Task All_others_end_at_once_and_nobody_elses_does()
    {
        await using var world = await World.StartAsync();
        var (email, stranger) = (await world.AddUserAsync(), await world.AddUserAsync());
        var (one, _) = await world.OpenAccountAsync(email);
        var (two, _) = await world.OpenAccountAsync(email);
        var (other, _) = await world.OpenAccountAsync(stranger);
        var (browser, page) = await world.OpenAccountAsync(email, "/account/sessions");
        var foreign = (await world.ReadAsync(db => db.AuthenticationSessions.SingleAsync(row => db.Users.Any(user => user.Id == row.UserId && user.Email == stranger)))).FamilyId;

        await browser.SubmitAsync(page, new Dictionary<string, string> { ["Family"] = foreign.ToString("N") }, formTarget: "handler=End");
        (await other.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.SubmitAsync(page, new Dictionary<string, string>(), formTarget: "handler=EndOthers")).Parameter("done").ShouldBe("others");

        (await one.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await two.GetAsync("/account")).Target().ShouldBe("/sign-in");
        (await other.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cookie_that_was_copied_dies_with_the_next_sign_in_of_its_browser(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        var tokens = await client.ExchangeAsync((await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code")!);
        var thief = world.OpenBrowser();
        thief.Cookies.Add(browser.Cookies.GetAllCookies());
        (await thief.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);

        var page = await browser.OpenAccountAsync(email, "/account/sessions");

        (await thief.GetAsync("/account")).Target().ShouldBe("/sign-in");
        page.Document.QuerySelectorAll(".items > li").Length.ShouldBe(1);
        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);
        refreshed.Status.ShouldBe(HttpStatusCode.OK, "what apps were given before goes on");

        // Everywhere else means there, too.
        await browser.SubmitAsync(await browser.GetAsync("/account/password"), new Dictionary<string, string> { ["Current"] = World.Password, ["Password"] = "another-river-entirely" });
        (await client.RefreshAsync(refreshed.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await browser.GetAsync("/account")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_app_that_is_removed_loses_its_access_at_once_and_asks_again(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var (app, own) = (await world.AddThirdPartyClientAsync(), await world.AddClientAsync());
        var (browser, _) = await world.OpenAccountAsync(email);
        var tokens = await app.ExchangeAsync((await AllowAsync(browser, app)).Parameter("code")!);
        var others = await own.ExchangeAsync((await browser.FollowAsync(await browser.GetAsync(own.Start()))).Parameter("code")!);
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));

        var page = await browser.GetAsync("/account/apps");
        page.Document.QuerySelectorAll(".items > li").Length.ShouldBe(2);
        page.Document.QuerySelectorAll(".badge").Length.ShouldBe(1);
        page.Body.ShouldContain("See your e-mail address");
        var removed = await browser.SubmitAsync(page, new Dictionary<string, string> { ["App"] = app.Id }, formTarget: "handler=Remove");

        removed.Parameter("done").ShouldBe("removed");
        (await app.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await app.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await own.RefreshAsync(others.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.FollowAsync(await browser.GetAsync(app.Start()))).Path().ShouldBe("/consent");
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.ConsentRemoved))).ShouldBe(1);
    }

    [Fact]
    public async Task Activity_shows_what_happened_page_by_page_and_nothing_of_anybody_else()
    {
        await using var world = await World.StartAsync();
        var (email, other) = (await world.AddUserAsync(), await world.AddUserAsync());
        await world.OpenAccountAsync(other);
        var (browser, profile) = await world.OpenAccountAsync(email, "/account/profile");
        for (var change = 0; change < 40; change++)
        {
            await browser.SubmitAsync(profile, new Dictionary<string, string> { ["name"] = $"Ada {change}" });
        }

        var (lines, url) = (new List<string>(), "/account/activity");
        while (url is not null)
        {
            var page = await browser.GetAsync(url);
            lines.AddRange(page.Document.QuerySelectorAll(".log strong").Select(line => line.TextContent));
            url = page.Document.QuerySelector(".actions a[href^='/account/activity']")?.GetAttribute("href");
        }

        // The clock stands still here: all are of one moment, and none is missed or told twice.
        lines.Count(line => line == "The profile was changed").ShouldBe(40);
        lines.Count(line => line == "Signed in with password and code").ShouldBe(1);
        lines.Count(line => line == "The account was made").ShouldBe(1);
        lines.Count.ShouldBe(43);
        foreach (var hostile in new[] { "before=-1", "before=99999999999999999", "before=x", "before=1&shown=-5", "before=9&shown=2147483647" })
        {
            (await browser.GetAsync($"/account/activity?{hostile}")).Status.ShouldBe(HttpStatusCode.OK, hostile);
        }
    }

    [Fact]
    public async Task The_download_holds_all_that_is_kept_and_no_secret_and_nobody_else()
    {
        await using var world = await World.StartAsync();
        var (email, other) = (await world.AddUserAsync(), await world.AddUserAsync());
        var app = await world.AddThirdPartyClientAsync();
        var (browser, _) = await world.OpenAccountAsync(email);
        await AllowAsync(browser, app);
        await world.OpenAccountAsync(other);
        await world.AdvanceAsync(TimeSpan.FromSeconds(1)); // what is of one instant has no order
        await browser.ChangeAddressAsync("moved@example.com");
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        await browser.AskForAddressAsync("next@example.com");

        var answer = await browser.SubmitAsync(await browser.GetAsync("/account/data"), new Dictionary<string, string>());

        answer.Message.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var user = await world.ReadAsync(db => db.Users.SingleAsync(row => row.Email == "moved@example.com"));
        var data = JsonDocument.Parse(answer.Body).RootElement;
        data.GetProperty("account").GetProperty("email").GetString().ShouldBe("moved@example.com");
        data.GetProperty("account").GetProperty("former_addresses")[0].GetProperty("email").GetString().ShouldBe(email);
        data.GetProperty("account").GetProperty("pending_addresses")[0].GetProperty("email").GetString().ShouldBe("next@example.com");
        data.GetProperty("codes").EnumerateArray().Select(entry => entry.GetProperty("purpose").GetString()).ShouldBe(["sign-in", "new-address", "new-address"]);
        data.GetProperty("mails").GetArrayLength().ShouldBe(8);
        data.GetProperty("sign_out_notices").GetArrayLength().ShouldBe(0);
        data.GetProperty("claims").GetProperty("name").GetString().ShouldBe("Ada Lovelace");
        data.GetProperty("sessions").GetArrayLength().ShouldBe(1);
        data.GetProperty("applications")[0].GetProperty("client_id").GetString().ShouldBe(app.Id);
        data.GetProperty("security_events").EnumerateArray().Select(entry => entry.GetProperty("name").GetString())
            .Distinct().ShouldBe([AuditEvents.UserCreated, AuditEvents.CodeIssued, AuditEvents.SessionOpened, AuditEvents.ConsentGiven, AuditEvents.AddressChangeAsked, AuditEvents.AddressChanged], ignoreOrder: true);
        answer.Body.ShouldNotContain(user.PasswordHash!);
        answer.Body.ShouldNotContain("argon2");
        answer.Body.ShouldNotContain(other);
    }

    private static async Task<Answer> AllowAsync(Browser browser, RelyingParty client)
    {
        var consent = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        return await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
    }
}

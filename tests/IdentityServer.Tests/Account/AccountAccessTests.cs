using System.Net;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Account;

/// <summary>Nobody reaches a page of an account without both steps, and what is sensitive only with fresh ones.</summary>
public sealed class AccountAccessTests
{
    [Fact]
    public async Task Every_page_of_the_account_asks_for_a_sign_in_and_is_where_it_leads_back_to()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var paths = world.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>()?.RelativePath.StartsWith("/Account/", StringComparison.Ordinal) == true)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText).Distinct().ToList();
        paths.Count.ShouldBe(11);

        foreach (var path in paths)
        {
            var stranger = world.OpenBrowser();
            var shown = await stranger.GetAsync(path);
            shown.Target().ShouldBe("/sign-in", path);
            path.ShouldStartWith(shown.Parameter("then")!);
            (await stranger.PostAsync(path, new Dictionary<string, string>())).Status.ShouldBe(HttpStatusCode.BadRequest, "no token against forgery");
        }

        var browser = world.OpenBrowser();
        var back = await browser.SignInAsync((await browser.GetAsync("/account/profile")).Location!.OriginalString, email);
        (back.Status, back.Path()).ShouldBe((HttpStatusCode.OK, "/account/profile"));
    }

    [Theory]
    [InlineData("/account/password", true)]
    [InlineData("/account/address", true)]
    [InlineData("/account/data", true)]
    [InlineData("/account/profile", false)]
    [InlineData("/account/sessions", false)]
    [InlineData("/account/apps", false)]
    [InlineData("/account/activity", false)]
    [InlineData("/account/delete", false)] // it takes both steps itself, whenever they were last given
    public async Task What_is_sensitive_asks_for_both_steps_again_ten_minutes_after_the_code(string path, bool sensitive)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, _) = await world.OpenAccountAsync(email);

        await world.AdvanceAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        (await browser.GetAsync(path)).Status.ShouldBe(HttpStatusCode.OK);
        await world.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var late = await browser.GetAsync(path);

        if (!sensitive)
        {
            late.Status.ShouldBe(HttpStatusCode.OK);
            return;
        }

        (late.Target(), late.Parameter("reason"), late.Parameter("then")).ShouldBe(("/sign-in", "stale", path));
        var asked = await browser.FollowAsync(late);
        asked.Document.QuerySelector("[name=Email]")!.GetAttribute("value").ShouldBe(email);
        var again = await browser.SignInAsync(late.Location!.OriginalString, email);
        (again.Status, again.Path()).ShouldBe((HttpStatusCode.OK, path));
    }

    [Fact]
    public async Task A_form_that_was_open_too_long_changes_nothing()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (browser, page) = await world.OpenAccountAsync(email, "/account/password");
        var data = await browser.GetAsync("/account/data");
        var other = await browser.GetAsync("/account/address");
        var code = await browser.AskForAddressAsync("new@example.com");
        var digits = await browser.ReadCodeAsync("new@example.com", AccountPages.NewAddressMail);
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        var password = await browser.SubmitAsync(page, new Dictionary<string, string> { ["Current"] = World.Password, ["Password"] = "another-river-entirely" });
        var download = await browser.SubmitAsync(data, new Dictionary<string, string>(), formTarget: null);
        var address = await browser.SubmitAsync(other, new Dictionary<string, string> { ["Email"] = "other@example.com", ["Current"] = World.Password });

        foreach (var answer in new[] { password, download, address })
        {
            (answer.Target(), answer.Parameter("reason")).ShouldBe(("/sign-in", "stale"));
        }

        var user = await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email));
        user.CredentialVersion.ShouldBe(0);

        // A code that was asked for in time is good for its half hour: mail may be slow.
        (await browser.EnterCodeAsync(code, digits)).Parameter("done").ShouldBe("changed");
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example/account")]
    [InlineData("/account/../connect/endsession")]
    [InlineData("/account@evil.example")]
    [InlineData("/account\t/profile")]
    [InlineData("/ACCOUNT")]
    [InlineData("/dev/mailbox")]
    [InlineData("account")]
    public async Task A_sign_in_leads_to_no_other_page_than_those_that_ask_for_one(string then)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();

        var page = await browser.ReachCodePageAsync($"/sign-in?then={Uri.EscapeDataString(then)}", email);
        var after = await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(email));

        after.OpensSession.ShouldBeTrue();
        after.Location!.OriginalString.ShouldBe("/");
        browser.Seen.ShouldAllBe(answer => !answer.Body.Contains("evil.example"));
    }

    [Fact]
    public async Task Password_managers_find_the_page_that_changes_a_password()
    {
        await using var world = await World.StartAsync();
        var answer = await world.OpenBrowser().GetAsync("/.well-known/change-password");

        (answer.Status, answer.Target()).ShouldBe((HttpStatusCode.Found, "/account/password"));
    }

    [Fact]
    public async Task Forms_say_what_password_managers_need_to_know()
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync());

        Autocomplete(await browser.GetAsync("/account/password")).ShouldBe(["username", "current-password", "new-password"]);
        Autocomplete(await browser.GetAsync("/account/address")).ShouldBe(["email", "username", "current-password"]);
        Autocomplete(await browser.GetAsync("/account/delete")).ShouldBe(["username", "current-password"]);
        Autocomplete(await browser.AskForDeletionAsync()).ShouldBe(["one-time-code"]);

        static IEnumerable<string?> Autocomplete(Answer page) =>
            page.Document.QuerySelectorAll("input:not([type=hidden])").Select(input => input.GetAttribute("autocomplete"));
    }
}

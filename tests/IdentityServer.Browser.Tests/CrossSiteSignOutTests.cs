using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>Another site's attempt to sign a person out, in a browser that keeps cookies as browsers do.</summary>
public sealed class CrossSiteSignOutTests(Chromium chromium, Stage stage)
{
    [Fact]
    public async Task A_post_of_anothers_hint_by_another_site_signs_nobody_out()
    {
        await using var attackers = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage);
        await SignInAsync(await attackers.NewPageAsync(), site);
        var bait = await site.ExchangeAsync(stage, (await site.TakeAsync())["code"]);
        await using var victims = await chromium.OpenAsync(Screen.Desktop);
        var page = await victims.NewPageAsync();
        await SignInAsync(page, site);
        await site.TakeAsync();

        site.Write($"""
            <!doctype html><title>Prize</title><link rel="icon" href="data:,">
            <form method="post" action="{new Uri(stage.Server.Address, "/connect/endsession")}"><input type="hidden" name="id_token_hint" value="{bait}"></form>
            <script>document.forms[0].submit()</script>
            """);
        await page.GotoAsync(site.Page.AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign out?" })).ToBeVisibleAsync();
        await page.GotoAsync(SilentStart(site), new() { WaitUntil = WaitUntilState.Commit });
        (await site.TakeAsync()).ShouldContainKey("code", "the person is still signed in");
    }

    [Fact]
    public async Task A_post_of_the_persons_own_hint_by_their_client_signs_them_out()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage);
        var page = await context.NewPageAsync();
        await SignInAsync(page, site);
        var hint = await site.ExchangeAsync(stage, (await site.TakeAsync())["code"]);

        site.Write($"""
            <!doctype html><title>Bye</title><link rel="icon" href="data:,">
            <form method="post" action="{new Uri(stage.Server.Address, "/connect/endsession")}"><input type="hidden" name="id_token_hint" value="{hint}"></form>
            <script>document.forms[0].submit()</script>
            """);
        await page.GotoAsync(site.Page.AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" })).ToBeVisibleAsync();
        await page.GotoAsync(SilentStart(site), new() { WaitUntil = WaitUntilState.Commit });
        (await site.TakeAsync())["error"].ShouldBe("login_required");
    }

    private string SilentStart(ClientSite site) => site.Start(stage, ("response_mode", "form_post"), ("prompt", "none")).AbsoluteUri;

    private async Task SignInAsync(IPage page, ClientSite site)
    {
        var person = await stage.AddPersonAsync();
        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post")).AbsoluteUri);
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Received" })).ToBeVisibleAsync();
    }
}

using System.Diagnostics;
using System.Globalization;
using IdentityServer.Protocol.EndSession;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>Clients that are told of a sign-out through the person's browser.</summary>
public sealed class FrontChannelLogoutTests(Chromium chromium, Stage stage)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task L9_Both_clients_are_told_and_then_the_person_is_back_where_they_were(bool javaScript)
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop, javaScript);
        await stage.StartAsync();
        await using var one = await ClientSite.StartAsync(stage, tellsOnSignOut: true);
        await using var two = await ClientSite.StartAsync(stage, tellsOnSignOut: true);
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        await SignInAsync(page, one, javaScript);
        var hint = await one.ExchangeAsync(stage, (await one.TakeAsync())["code"]);
        await VisitAsync(page, two, javaScript);
        await two.TakeAsync();
        one.Write("""<!doctype html><title>Bye</title><link rel="icon" href="data:,"><h1>Back at the site</h1>""");

        // With script it is the frames that send the person on, not the time limit.
        await StretchAsync(page);
        await page.GotoAsync(EndSession(one, hint).AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Back at the site" })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        page.Url.ShouldBe(one.Page.AbsoluteUri + "?state=a%20b");
        foreach (var site in new[] { one, two })
        {
            var told = await site.TakeAsync();
            told.ShouldContainKey("sid");
            told["iss"].ShouldBe(stage.Server.Address.AbsoluteUri);
            told["tenant"].ShouldBe("7");
            site.HasMore.ShouldBeFalse();
        }

        complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task L9_A_client_that_never_answers_keeps_nobody_for_longer_than_the_time_limit()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage, tellsOnSignOut: true);
        var page = await context.NewPageAsync();
        await SignInAsync(page, site, javaScript: true);
        var hint = await site.ExchangeAsync(stage, (await site.TakeAsync())["code"]);
        site.Write("""<!doctype html><title>Bye</title><link rel="icon" href="data:,"><h1>Back at the site</h1>""");
        site.KeepFramesWaiting();

        var waited = Stopwatch.StartNew();
        await page.GotoAsync(EndSession(site, hint).AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Back at the site" })).ToBeVisibleAsync(new() { Timeout = 30_000 });

        // It was the limit that ended the wait: the frame never loaded. How far above it a slow machine is says nothing.
        waited.Elapsed.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(FrontChannelPage.PatienceInMilliseconds));
        FrontChannelPage.PatienceInMilliseconds.ShouldBeLessThanOrEqualTo(5_000);
    }

    [Theory]
    [MemberData(nameof(Screen.All), MemberType = typeof(Screen))]
    public async Task The_page_in_between_is_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage, tellsOnSignOut: true);
        var page = await context.NewPageAsync();
        await SignInAsync(page, site, javaScript: true);
        var hint = await site.ExchangeAsync(stage, (await site.TakeAsync())["code"]);

        // The page stays for as long as it is looked at. That it goes on by itself is shown above.
        site.KeepFramesWaiting();
        await StretchAsync(page);
        await page.GotoAsync(EndSession(site, hint).AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });

        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Continue" })).ToBeVisibleAsync();
        await page.InspectAsync("signing-out", screen);
    }

    // Gives the page's script ten minutes where it gives clients some seconds.
    private static Task<IAsyncDisposable> StretchAsync(IPage page) => page.AddInitScriptAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"const setTimer = window.setTimeout; window.setTimeout = (work, after) => setTimer(work, after === {FrontChannelPage.PatienceInMilliseconds} ? 600000 : after);"));

    private Uri EndSession(ClientSite site, string hint) => new(
        stage.Server.Address,
        $"/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri={Uri.EscapeDataString(site.Page.AbsoluteUri)}&state=a%20b");

    private async Task SignInAsync(IPage page, ClientSite site, bool javaScript)
    {
        var person = await stage.AddPersonAsync();
        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post")).AbsoluteUri);
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await ArriveAsync(page, javaScript);
    }

    private async Task VisitAsync(IPage page, ClientSite site, bool javaScript)
    {
        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post")).AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });
        await ArriveAsync(page, javaScript);
    }

    private static async Task ArriveAsync(IPage page, bool javaScript)
    {
        if (!javaScript)
        {
            await page.Button("Continue").ClickAsync();
        }

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Received" })).ToBeVisibleAsync();
    }
}

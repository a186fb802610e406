using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>The answer that posts itself to the client, in a browser that enforces the page's policy.</summary>
public sealed class FormPostTests(Chromium chromium, Stage stage)
{
    private const string HostileState = "\"'></form><script>alert(1)</script>&amp; é";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A20_A_sign_in_ends_at_the_client_that_wants_the_answer_posted(bool javaScript)
    {
        await using var context = await chromium.OpenAsync(Screen.Phone, javaScript);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage);
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        var complaints = page.Complaints();

        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post"), ("state", HostileState)).AbsoluteUri);
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await GoOnAsync(page, javaScript);

        await ArriveAsync(page, site);
        var posted = await site.TakeAsync();
        posted["code"].ShouldNotBeEmpty();
        posted["state"].ShouldBe(HostileState);
        posted["iss"].ShouldBe(stage.Server.Address.AbsoluteUri);
        site.HasMore.ShouldBeFalse();
        complaints.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A20_An_error_ends_there_too(bool javaScript)
    {
        await using var context = await chromium.OpenAsync(Screen.Phone, javaScript);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage);
        var page = await context.NewPageAsync();

        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post"), ("state", HostileState), ("prompt", "none")).AbsoluteUri);
        await GoOnAsync(page, javaScript);

        await ArriveAsync(page, site);
        var posted = await site.TakeAsync();
        posted["error"].ShouldBe("login_required");
        posted["state"].ShouldBe(HostileState);
    }

    [Theory]
    [MemberData(nameof(Screen.All), MemberType = typeof(Screen))]
    public async Task The_page_in_between_is_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await stage.StartAsync();
        await using var site = await ClientSite.StartAsync(stage);
        var page = await context.NewPageAsync();

        // As with a client that is slow to answer: the page stays. That it goes on by itself is shown above.
        await page.AddInitScriptAsync("HTMLFormElement.prototype.submit = () => {};");
        await page.GotoAsync(site.Start(stage, ("response_mode", "form_post"), ("prompt", "none")).AbsoluteUri);

        await Assertions.Expect(page.Button("Continue")).ToBeVisibleAsync();
        await page.InspectAsync("form-post", screen);
    }

    private static async Task GoOnAsync(IPage page, bool javaScript)
    {
        if (!javaScript)
        {
            await page.Button("Continue").ClickAsync();
        }
    }

    private static async Task ArriveAsync(IPage page, ClientSite site)
    {
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Received" })).ToBeVisibleAsync();
        page.Url.ShouldBe(site.Callback.AbsoluteUri);
    }
}

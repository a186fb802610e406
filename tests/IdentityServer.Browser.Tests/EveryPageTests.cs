using IdentityServer.Tests.Support;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>Each page, light and dark, wide and narrow, in the states that people meet.</summary>
public sealed class EveryPageTests(Chromium chromium, Stage stage)
{
    [Theory]
    [MemberData(nameof(Screen.All), MemberType = typeof(Screen))]
    public async Task The_way_from_the_sample_and_back_is_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();

        await page.LeaveForProviderAsync(stage);
        await page.InspectAsync("sign-in", screen);

        await page.Address().FillAsync(person.Email);
        await page.Password().FillAsync("not the password");
        await page.Button("Continue").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync("sign-in-wrong", screen);

        await page.EnterPasswordAsync(person);
        var code = await stage.NextCodeAsync(person);
        await page.InspectAsync("code", screen);

        await page.EnterCodeAsync(code == "00000" ? "00001" : "00000");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync("code-wrong", screen);

        await page.EnterCodeAsync(code);
        await page.InspectAsync("consent", screen);

        await page.AllowAsync();
        await page.InspectAsync("sample-claims", screen);

        await page.Button("Call userinfo").ClickAsync();
        await page.InspectAsync("sample-userinfo", screen);

        await page.GotoAsync(new Uri(stage.Server.Address, "/sign-out").AbsoluteUri);
        await page.InspectAsync("sign-out", screen);
        await page.Button("Sign out").ClickAsync();
        await page.InspectAsync("signed-out", screen);
    }

    [Fact]
    public async Task The_way_to_an_application_and_out_again_is_accessible_from_right_to_left()
    {
        var screen = Screen.NarrowDark;
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddThirdPartyClientAsync();
        var page = await context.NewPageAsync();
        var language = page.Locator("html[lang=ar][dir=rtl]");

        await page.GotoAsync(new Uri(world.Server.Address, client.Start(("ui_locales", "ar"))).AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.Code().FillAsync("00");
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync("ar-code-refused", screen);
        await page.Code().FillAsync((await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken)).Code);
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator(".scopes")).ToBeVisibleAsync();
        await page.InspectAsync("ar-consent", screen);

        foreach (var (path, name) in new[] { ("/", "home"), ("/no-such-page", "not-found"), ("/connect/authorize?client_id=nobody", "error"), ("/sign-out", "sign-out") })
        {
            await page.GotoAsync(new Uri(world.Server.Address, path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "ui_locales=ar").AbsoluteUri);
            await Assertions.Expect(language).ToBeVisibleAsync();
            await page.InspectAsync($"ar-{name}", screen);
        }

        await page.SubmitAsync();
        await page.GotoAsync(page.Url + "?ui_locales=ar");
        await Assertions.Expect(language).ToBeVisibleAsync();
        await page.InspectAsync("ar-signed-out", screen);
    }

    [Theory]
    [MemberData(nameof(Screen.All), MemberType = typeof(Screen))]
    public async Task The_pages_around_the_sign_in_are_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var server = await TestServer.StartAsync();
        var page = await context.NewPageAsync();

        await page.GotoAsync(server.Address.AbsoluteUri);
        await page.InspectAsync("home", screen);

        await page.GotoAsync(new Uri(server.Address, "/connect/authorize?client_id=nobody").AbsoluteUri);
        await page.InspectAsync("error", screen);

        await page.GotoAsync(new Uri(server.Address, "/no-such-page").AbsoluteUri);
        await page.InspectAsync("not-found", screen);
    }
}

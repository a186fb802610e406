using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>Making an account and choosing a new password, seen in a browser: accessible in every state, in Arabic too, and without scripts.</summary>
public sealed class MailboxPagesTests(Chromium chromium)
{
    private const string ChosenPassword = "a-river-runs-through-it";

    [Theory]
    [InlineData("phone-light")]
    [InlineData("desktop-dark")]
    public async Task Signing_up_and_resetting_are_accessible_in_every_state(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var server = await TestServer.StartAsync();
        await WalkAsync(await context.NewPageAsync(), server, screen, "en");
    }

    [Theory]
    [InlineData("narrow-dark")]
    public async Task They_are_so_from_right_to_left(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var server = await TestServer.StartAsync();
        await WalkAsync(await context.NewPageAsync(), server, screen, "ar");
    }

    [Theory]
    [InlineData("it")]
    [InlineData("de")]
    [InlineData("fr")]
    [InlineData("es")]
    [InlineData("pt")]
    public async Task They_fit_a_narrow_screen_in_every_language(string language)
    {
        await using var context = await chromium.OpenAsync(Screen.Narrow);
        await using var server = await TestServer.StartAsync();
        var page = await context.NewPageAsync();
        foreach (var path in new[] { "/sign-in", "/sign-up", "/reset" })
        {
            await page.GotoAsync(new Uri(server.Address, $"{path}?ui_locales={language}").AbsoluteUri);
            (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe(language);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, $"{path} in {language}");
        }
    }

    [Fact]
    public async Task The_meter_tells_a_weak_password_from_a_strong_one()
    {
        await using var context = await chromium.OpenAsync(Screen.Phone);
        await using var server = await TestServer.StartAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(server.Address, "/sign-up").AbsoluteUri);
        await Assertions.Expect(page.Locator("#strength")).ToBeHiddenAsync();

        await page.NewPassword().FillAsync("aaaaaaaaaaaaaaaa");
        await Assertions.Expect(page.Locator("#verdict")).ToHaveTextAsync("easily guessed");
        await page.NewPassword().FillAsync(ChosenPassword);
        await Assertions.Expect(page.Locator("#verdict")).ToHaveTextAsync("strong");
        await page.InspectAsync("sign-up-meter", Screen.Phone);
    }

    private static async Task WalkAsync(IPage page, TestServer server, Screen screen, string language)
    {
        var prefix = language == "en" ? "" : $"{language}-";
        var email = $"new-{Guid.NewGuid():N}@example.com";
        await page.GotoAsync(new Uri(server.Address, $"/sign-in?ui_locales={language}").AbsoluteUri);
        await page.InspectAsync($"{prefix}sign-in-plain", screen);
        await page.Locator("a[href^='/sign-up']").ClickAsync();
        await page.InspectAsync($"{prefix}sign-up", screen);

        await page.Address().FillAsync(email);
        await page.NewPassword().EvaluateAsync("field => field.removeAttribute('minlength')");
        await page.NewPassword().FillAsync("short");
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}sign-up-refused", screen);
        await page.NewPassword().FillAsync(ChosenPassword);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}sign-up-code", screen);
        await page.Code().FillAsync(await CodeAsync(server, email));
        await page.SubmitAsync();
        await Assertions.Expect(page.Password()).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}sign-up-done", screen);

        await page.Locator("a[href^='/reset']").ClickAsync();
        await page.InspectAsync($"{prefix}reset", screen);
        await page.Address().FillAsync(email);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}reset-code", screen);
        await page.Code().FillAsync("0");
        await page.NewPassword().FillAsync(ChosenPassword + "-again");
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}reset-refused", screen);
        await page.Code().FillAsync(await CodeAsync(server, email));
        await page.NewPassword().FillAsync(ChosenPassword + "-again");
        await page.SubmitAsync();
        await Assertions.Expect(page.Password()).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}reset-done", screen);

        // The whole way ends where it should: both steps, with the new password.
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(ChosenPassword + "-again");
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.InspectAsync($"{prefix}code-plain", screen);
        (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe(language); // the wish came along through every page
        await page.Code().FillAsync(await CodeAsync(server, email));
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByText(email)).ToBeVisibleAsync();
    }

    private static async Task<string> CodeAsync(TestServer server, string email)
    {
        while (true)
        {
            var mail = await server.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
            if (System.Text.RegularExpressions.Regex.IsMatch(mail.Text, "(?m)^[0-9]{5}\r?$"))
            {
                return System.Text.RegularExpressions.Regex.Match(mail.Text, "(?m)^[0-9]{5}(?=\r?$)").Value;
            }
        }
    }
}

using IdentityServer.Tests.Support;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>The HTML part of a mail, as a reader shows it: readable in both schemes, in both directions, on a narrow screen.</summary>
public sealed class MailAppearanceTests(Chromium chromium)
{
    [Theory]
    [InlineData("phone-light", "en")]
    [InlineData("narrow-dark", "ar")]
    public async Task A_code_mail_fits_and_shows_its_code_large_in_one_piece(string screenName, string language)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        await world.OpenBrowser().ReachCodePageAsync($"/sign-in?ui_locales={language}", email);
        var mail = await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
        var page = await context.NewPageAsync();

        await page.SetContentAsync(mail.Message.HtmlBody!);

        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Repository.Screenshots, $"{(language == "en" ? "" : $"{language}-")}mail-{screen}.png"), FullPage = true });
        var code = page.GetByText(mail.Code, new() { Exact = true });
        (await code.EvaluateAsync<double>("element => parseFloat(getComputedStyle(element).fontSize)")).ShouldBeGreaterThanOrEqualTo(28);
        (await page.Locator("html").GetAttributeAsync("dir")).ShouldBe(language == "ar" ? "rtl" : "ltr");
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        (await page.EvaluateAsync<string>("getComputedStyle(document.body).color"))
            .ShouldBe(screen.Dark ? "rgb(255, 255, 255)" : "rgb(0, 0, 0)"); // the reader's own scheme, not one of ours
    }
}

using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>The pages of an account in every state: accessible, in Arabic too, by keyboard alone, and without scripts.</summary>
public sealed class AccountPagesTests(Chromium chromium)
{
    private static readonly string[] Pages =
        ["/account", "/account/profile", "/account/password", "/account/address", "/account/sessions", "/account/apps", "/account/activity", "/account/data", "/account/delete"];

    [Theory]
    [InlineData("phone-light", "en")]
    [InlineData("desktop-dark", "en")]
    [InlineData("narrow-dark", "ar")]
    public async Task They_are_accessible_in_every_state(string screenName, string language)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        await WalkAsync(await context.NewPageAsync(), world, language, (page, name) => page.InspectAsync($"{(language == "en" ? "" : $"{language}-")}{name}", screen));
    }

    [Fact]
    public async Task They_do_the_whole_job_without_scripts()
    {
        await using var context = await chromium.OpenAsync(Screen.Phone, javaScript: false);
        await using var world = await World.StartAsync();
        await WalkAsync(await context.NewPageAsync(), world, "en", (_, _) => Task.CompletedTask);
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
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var page = await context.NewPageAsync();
        await SignInAsync(page, world, email, "/account", "en");
        foreach (var path in Pages)
        {
            await page.GotoAsync(new Uri(world.Server.Address, $"{path}?ui_locales={language}").AbsoluteUri);
            (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe(language);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, $"{path} in {language}");
        }
    }

    [Fact]
    public async Task A_person_signs_in_and_changes_the_profile_with_the_keyboard_alone()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(world.Server.Address, "/account").AbsoluteUri);

        // The first key leads past the frame, and every stop on the way is to be seen.
        await Assertions.Expect(page.Address()).ToBeFocusedAsync(); // by itself
        await page.Keyboard.TypeAsync(email);
        await page.TabToAsync(page.Password());
        await page.Keyboard.TypeAsync(World.Password);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Code()).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync(await CodeAsync(world, email));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/account$"));
        await page.TabToAsync(page.Locator(".skip"));
        await page.TabToAsync(page.Locator("a[href='/account/profile']"));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/account/profile$"));
        await page.TabToAsync(page.Locator("[name=nickname]"));
        await page.Keyboard.TypeAsync("Countess");
        await page.TabToAsync(page.Locator("[name=locale]"));
        await page.Keyboard.TypeAsync("Fran");
        await page.TabToAsync(page.Locator("form .button.primary"));
        await page.Keyboard.PressAsync("Enter");

        await page.WaitForURLAsync(new Regex("done=saved"));
        (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe("fr");
        (await page.Locator("[name=nickname]").InputValueAsync()).ShouldBe("Countess");
    }

    [Fact]
    public async Task The_code_page_keeps_itself_up_to_date_and_warns_before_the_code_ends()
    {
        await using var context = await chromium.OpenAsync(Screen.Phone);
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var page = await context.NewPageAsync();
        await page.Clock.InstallAsync();
        await page.GotoAsync(new Uri(world.Server.Address, "/sign-in").AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await CodeAsync(world, email);

        // However it stood when the page was loaded, it comes to say this without a reload.
        await page.Clock.RunForAsync(3_000);
        await Assertions.Expect(page.Locator(".delivery")).ToHaveTextAsync("The mail has been handed over to the mail server.");
        await Assertions.Expect(page.Locator("#ending")).ToBeHiddenAsync();
        await page.Clock.RunForAsync(25 * 60_000);
        await Assertions.Expect(page.Locator("[aria-live=assertive]")).ToContainTextAsync("This code ends in 5 minutes");
        await page.InspectAsync("code-ending", Screen.Phone);
        await page.Clock.RunForAsync(4 * 60_000);
        await Assertions.Expect(page.Locator("#ending")).ToContainTextAsync("This code ends in 60 seconds");
        await page.Clock.RunForAsync(60_000);
        await Assertions.Expect(page.Locator("#ending")).ToHaveTextAsync("This code has ended. Start over to get a new one.");
    }

    private static async Task WalkAsync(IPage page, World world, string language, Func<IPage, string, Task> inspect)
    {
        var email = await world.AddUserAsync($"ada.{Guid.NewGuid():N}"[..12] + "@example.com");
        await ConnectAppAsync(world, email);
        await SignInAsync(page, world, email, "/account", language);
        await inspect(page, "account");

        await page.Locator("a[href='/account/profile']").ClickAsync();
        await page.Locator("[name=locale]").SelectOptionAsync(language);
        await page.Locator("[name=birthdate]").FillAsync("10.12.1815");
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator("#birthdate-problem")).ToBeVisibleAsync();
        await inspect(page, "profile-refused");
        await page.Locator("[name=birthdate]").FillAsync("1815-12-10");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=saved"));
        (await page.Locator("html").GetAttributeAsync("lang")).ShouldBe(language);
        await inspect(page, "profile");

        await page.GotoAsync(new Uri(world.Server.Address, "/account/password").AbsoluteUri);
        await page.Password().FillAsync("not the password");
        await page.NewPassword().FillAsync(World.Password + "-again");
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await inspect(page, "password-wrong");
        await page.Password().FillAsync(World.Password);
        await page.NewPassword().FillAsync(World.Password + "-again");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=changed"));
        await inspect(page, "password-changed");

        await ConnectAppAsync(world, email, World.Password + "-again");
        foreach (var path in new[] { "sessions", "apps", "activity", "data" })
        {
            await page.GotoAsync(new Uri(world.Server.Address, $"/account/{path}").AbsoluteUri);
            await inspect(page, path);
        }

        var download = await page.RunAndWaitForDownloadAsync(() => page.SubmitAsync());
        download.SuggestedFilename.ShouldBe("account.json");
        await using (var file = await download.CreateReadStreamAsync())
        {
            (await JsonDocument.ParseAsync(file, default, TestContext.Current.CancellationToken)).RootElement.GetProperty("account").GetProperty("email").GetString().ShouldBe(email);
        }

        await page.GotoAsync(new Uri(world.Server.Address, "/account/address").AbsoluteUri);
        await inspect(page, "address");
        await page.Locator("[name=Email]").FillAsync($"new.{email}");
        await page.Password().FillAsync(World.Password + "-again");
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await inspect(page, "address-code");

        await page.GotoAsync(new Uri(world.Server.Address, "/account/delete").AbsoluteUri);
        await inspect(page, "delete");
        await page.Password().FillAsync(World.Password + "-again");
        await page.Locator(".button.danger").ClickAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await inspect(page, "delete-code");
        await page.Code().FillAsync(await CodeAsync(world, email));
        await page.Locator(".button.danger").ClickAsync();
        await page.WaitForURLAsync(new Regex("reason=account-deleted"));
        await inspect(page, "deleted");
    }

    // Somebody's other browser, at an application that nobody verified.
    private static async Task ConnectAppAsync(World world, string email, string password = World.Password)
    {
        var client = await world.AddThirdPartyClientAsync();
        var other = world.OpenBrowser(network: "203.0.113.40");
        other.Headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1";
        var next = await other.EnterPasswordAsync(await other.FollowAsync(await other.GetAsync(client.Start())), email, password);
        var consent = await other.FollowAsync(await other.EnterCodeAsync(await other.FollowAsync(next), await CodeAsync(world, email)));
        var back = await other.FollowAsync(await other.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
        (await client.ExchangeAsync(back.Parameter("code")!)).AccessToken.ShouldNotBeNull();
    }

    private static async Task SignInAsync(IPage page, World world, string email, string then, string language)
    {
        await page.GotoAsync(new Uri(world.Server.Address, $"/sign-in?then={then}&ui_locales={language}").AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.Code().FillAsync(await CodeAsync(world, email));
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("/account"));
    }

    private static async Task<string> CodeAsync(World world, string email)
    {
        while (true)
        {
            var mail = await world.Smtp.TakeAsync(email, TestContext.Current.CancellationToken);
            if (Regex.Match(mail.Text, "(?m)^[0-9]{5}(?=\r?$)") is { Success: true } code)
            {
                return code.Value;
            }
        }
    }
}

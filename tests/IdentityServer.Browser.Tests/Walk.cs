using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>What a person does on the pages, found the way people and password managers find it: by label, role and autocomplete.</summary>
internal static class Walk
{
    public static ILocator Address(this IPage page) => page.Locator("input[autocomplete=username]");

    public static ILocator Password(this IPage page) => page.Locator("input[autocomplete=current-password]");

    public static ILocator NewPassword(this IPage page) => page.Locator("input[autocomplete=new-password]");

    /// <summary>Presses the page's main button, whatever it is called.</summary>
    public static Task SubmitAsync(this IPage page) => page.Locator("form .button.primary").First.ClickAsync();

    public static ILocator Code(this IPage page) => page.Locator("input[autocomplete=one-time-code]");

    /// <summary>Presses Tab until an element has the focus; asserts that every stop on the way shows that it has it.</summary>
    public static async Task TabToAsync(this IPage page, ILocator target)
    {
        for (var key = 0; key < 80; key++)
        {
            await page.Keyboard.PressAsync("Tab");
            (await page.EvaluateAsync<bool>(
                "() => document.activeElement === document.body || parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2"))
                .ShouldBeTrue(await page.EvaluateAsync<string>("() => document.activeElement.outerHTML"));
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        throw new ShouldAssertException("No key leads there.");
    }

    public static ILocator Button(this IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>From the sample's home to the provider's password page.</summary>
    public static async Task LeaveForProviderAsync(this IPage page, Stage stage)
    {
        await page.GotoAsync(stage.Sample.Address.AbsoluteUri);
        await page.Button("Sign in").ClickAsync();
        await Assertions.Expect(page.Address()).ToBeVisibleAsync();
        new Uri(page.Url).GetLeftPart(UriPartial.Authority).ShouldBe(stage.Server.Address.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>From the password page to the code page.</summary>
    public static async Task EnterPasswordAsync(this IPage page, Person person)
    {
        await page.Address().FillAsync(person.Email);
        await page.Password().FillAsync(person.Password);
        await page.Button("Continue").ClickAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
    }

    /// <summary>Types a code and sends it.</summary>
    public static async Task EnterCodeAsync(this IPage page, string code)
    {
        await page.Code().FillAsync(code);
        await page.Button("Sign in").ClickAsync();
    }

    /// <summary>From the consent page to the sample.</summary>
    public static async Task AllowAsync(this IPage page)
    {
        await Assertions.Expect(page.Button("Allow")).ToBeVisibleAsync();
        await page.Button("Allow").ClickAsync();
        await Assertions.Expect(page.Button("Refresh the tokens")).ToBeVisibleAsync();
    }

    /// <summary>The whole way, from the sample's home to its claims.</summary>
    public static async Task SignInAsync(this IPage page, Stage stage, Person person)
    {
        await page.LeaveForProviderAsync(stage);
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await page.AllowAsync();
    }

    /// <summary>The sample's claims table as a dictionary.</summary>
    public static async Task<Dictionary<string, string>> ClaimsAsync(this IPage page)
    {
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in await page.Locator("tbody tr").AllAsync())
        {
            claims.Add(await row.Locator("th").InnerTextAsync(), await row.Locator("td code").InnerTextAsync());
        }

        return claims;
    }
}

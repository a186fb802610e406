using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>An owner tries their app in a browser: from the one click that lets the answer come back to the sign-out at the end.</summary>
public sealed class TrialPagesTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("phone-light")]
    [InlineData("desktop-light")]
    [InlineData("desktop-dark")]
    [InlineData("narrow-dark")]
    public async Task The_pages_of_a_run_are_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await WalkAsync(await context.NewPageAsync(), (page, name) => page.InspectAsync(name, screen), "");
    }

    [Theory]
    [InlineData("")]
    [InlineData("form_post")]
    public async Task A_run_needs_no_scripts(string responseMode)
    {
        await using var context = await chromium.OpenAsync(Screen.Phone, javaScript: false);
        await WalkAsync(await context.NewPageAsync(), (_, _) => Task.CompletedTask, responseMode);
    }

    private static async Task WalkAsync(IPage page, Func<IPage, string, Task> inspect, string responseMode)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await RegisterAsync(world, email);
        var complaints = page.Complaints();
        await page.GotoAsync(new Uri(world.Server.Address, $"/sign-in?then=/portal/clients/{client.ClientId}/try").AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await page.Code().FillAsync((await world.Smtp.TakeAsync(email, Cancel)).Code);
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("/try$"));
        await inspect(page, "trial-before");

        await page.Button("Add our redirect URI").ClickAsync();
        await page.WaitForURLAsync(new Regex("done=added"));
        await page.Locator("summary", new() { HasText = "More parameters" }).ClickAsync();
        await inspect(page, "trial-start");
        await page.Locator("[name=MaxAge]").FillAsync("soon");
        await page.Button("Start the run").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await inspect(page, "trial-refused");
        await page.Locator("[name=MaxAge]").FillAsync("3600");
        await page.Locator("[name=ResponseMode]").SelectOptionAsync(responseMode);
        await page.Button("Start the run").ClickAsync();
        await page.Button("Allow").ClickAsync();
        if (responseMode.Length > 0)
        {
            await page.Locator("#answer button").ClickAsync();
        }

        await page.WaitForURLAsync(new Regex("/try/[0-9a-f]{32}$"));
        (await page.Locator(".verdicts .passed").CountAsync()).ShouldBeGreaterThan(9);
        await inspect(page, "trial-run");
        foreach (var details in await page.Locator("details:not([open]) > summary").AllAsync())
        {
            if (await details.IsVisibleAsync())
            {
                await details.ClickAsync();
            }
        }

        await inspect(page, "trial-run-open");
        var run = page.Url;
        await page.Button("Introspect the access token").ClickAsync();
        await Assertions.Expect(page.Locator(".exchanges h3").Last).ToHaveTextAsync("The app asks what the access token is good for");
        await page.Button("Use the refresh token").ClickAsync();
        await Assertions.Expect(page.Locator(".exchanges h3", new() { HasText = "The app uses the refresh token" })).ToBeVisibleAsync();
        await inspect(page, "trial-refreshed");

        // The answer of nobody's run.
        await page.GotoAsync(new Uri(world.Server.Address, "/portal/trial/callback?state=x&code=y").AbsoluteUri);
        await inspect(page, "trial-nothing");
        await page.GotoAsync(run);
        await page.Button("Sign out").ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync();
        complaints.Where(complaint => !complaint.Contains("400", StringComparison.Ordinal) && !complaint.Contains("422", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static async Task<OwnedClient> RegisterAsync(World world, string email)
    {
        var person = new Actor.Person(await world.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(user => user.Email == email, Cancel)));
        return await world.Server.InScopeAsync(async services =>
        {
            var wish = JsonDocument.Parse(
                """{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"grant_types":["authorization_code","refresh_token"],"scope":"openid profile email offline_access"}""").RootElement;
            var registered = (await services.GetRequiredService<OwnedClients>().RegisterAsync(person, wish, Cancel)).ShouldBeOfType<OwnedRegistration.Registered>();
            return (await services.GetRequiredService<ClientAccess>().FindAsync(person, registered.Client.ClientId!, Cancel))!;
        });
    }
}

using System.Text.RegularExpressions;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>An owner makes a test user and reads its code, on every screen, from a page without scripts.</summary>
public sealed class TestUserPagesTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("phone-light")]
    [InlineData("desktop-light")]
    [InlineData("desktop-dark")]
    [InlineData("narrow-dark")]
    public async Task A_test_user_is_made_and_its_code_read_on_accessible_pages(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await AddOwnerAsync(world, client);
        var page = await context.NewPageAsync();
        await SignInAsync(page, world, email, $"/portal/clients/{client.Id}/test-users");
        await page.InspectAsync("test-users-none", screen);

        await page.Locator("#name").FillAsync("buyer.1");
        await page.Button("Make the test user").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync("test-users-refused", screen);

        await page.Locator("#name").FillAsync("buyer-1");
        await page.Button("Make the test user").ClickAsync();
        var password = await page.Locator("#made-password").InnerTextAsync();
        var address = await page.Locator(".notice code").First.InnerTextAsync();
        await page.InspectAsync("test-users-made", screen);

        var browser = world.OpenBrowser();
        await browser.FollowAsync(await browser.EnterPasswordAsync(await browser.FollowAsync(await browser.GetAsync(client.Start())), address, password));
        await world.QuietAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Read mail", Exact = true }).ClickAsync();
        (await page.Locator(".code-shown").InnerTextAsync()).ShouldMatch("^[0-9]{5}$");
        await page.Locator("summary").ClickAsync();
        await page.InspectAsync("test-users-mail", screen);
    }

    private static async Task<string> AddOwnerAsync(World world, RelyingParty client)
    {
        var email = await world.AddUserAsync();
        await world.ReadAsync(async db =>
        {
            var user = await db.Users.SingleAsync(row => row.Email == email, Cancel);
            var row = await db.Clients.SingleAsync(each => each.ClientId == client.Id, Cancel);
            db.ClientOwners.Add(new ClientOwner { ClientRowId = row.Id!, UserId = user.Id, AddedAt = world.Clock.GetUtcNow() });
            return await db.SaveChangesAsync(Cancel);
        });
        return email;
    }

    private static async Task SignInAsync(IPage page, World world, string email, string address)
    {
        await page.GotoAsync(new Uri(world.Server.Address, address).AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.Code().FillAsync((await world.Smtp.TakeAsync(email, Cancel)).Code);
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("/test-users"));
    }
}

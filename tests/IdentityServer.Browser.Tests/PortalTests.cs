using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using SkiaSharp;

namespace IdentityServer.Browser.Tests;

/// <summary>Every task of the portal in a real browser: accessible in every state, and without scripts.</summary>
public sealed class PortalTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("phone-light")]
    [InlineData("desktop-dark")]
    public async Task Every_task_is_accessible_in_every_state(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        await WalkAsync(await context.NewPageAsync(), world, (page, name) => page.InspectAsync($"portal-{name}", screen));
    }

    [Fact]
    public async Task Every_task_is_done_without_scripts_on_the_narrowest_screen()
    {
        await using var context = await chromium.OpenAsync(Screen.NarrowDark, javaScript: false);
        await using var world = await World.StartAsync();
        await WalkAsync(await context.NewPageAsync(), world, async (page, name) =>
        {
            var (content, window) = (await page.Locator("html").EvaluateAsync<int>("page => page.scrollWidth"), await page.Locator("html").EvaluateAsync<int>("page => page.clientWidth"));
            content.ShouldBe(window, $"{name} scrolls sideways");
        });
    }

    [Fact]
    public async Task A_button_copies_what_stands_beside_it_and_says_so()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await using var world = await World.StartAsync();
        var page = await context.NewPageAsync();
        await SignInAsync(page, world, await world.AddUserAsync(), "/portal/new");
        await page.Locator("[value=machine]").CheckAsync();
        await Assertions.Expect(page.Locator("#redirecturis")).ToBeHiddenAsync();
        await page.Locator("#name").FillAsync("Night job");
        await page.SubmitAsync();

        await page.Locator("[data-copies=client-secret]").ClickAsync();

        await Assertions.Expect(page.Locator(".copied").Nth(1)).ToHaveTextAsync("Copied");
        var secret = await page.Locator("#client-secret").InnerTextAsync();
        (await page.EvaluateAsync<string>("getSelection().toString()")).Trim().ShouldBe(secret);
    }

    private static async Task WalkAsync(IPage page, World world, Func<IPage, string, Task> inspect)
    {
        var email = await world.AddUserAsync($"ada.{Guid.NewGuid():N}"[..12] + "@example.com");
        await world.ReadAsync(db => db.Users.Where(user => user.Email == email).ExecuteUpdateAsync(set => set.SetProperty(user => user.Administrator, true), Cancel));
        await SignInAsync(page, world, email, "/portal");
        await inspect(page, "none");

        await ConnectAsync(page, inspect);
        var app = new Uri(page.Url).AbsolutePath;
        await inspect(page, "overview");
        await page.GotoAsync(At(world, $"{app}/snippets"));
        await inspect(page, "snippets");

        await MendAsync(page, world, app, inspect);
        await EditAsync(page, world, app, inspect);
        await ChangeSecretsAsync(page, world, app, inspect);
        await ShareAsync(page, world, app, inspect);
        await ApproveAsync(page, world, app, inspect);

        await page.GotoAsync(At(world, $"{app}/delete"));
        await page.Locator("#name").FillAsync("Another");
        await page.Locator(".button.danger").ClickAsync();
        await inspect(page, "delete");
        await page.Locator("#name").FillAsync("Ada’s shop");
        await page.Locator(".button.danger").ClickAsync();
        await page.WaitForURLAsync(new Regex("done=deleted"));
        await inspect(page, "deleted");
    }

    private static async Task ConnectAsync(IPage page, Func<IPage, string, Task> inspect)
    {
        await page.Locator("a[href='/portal/new']").ClickAsync();
        await inspect(page, "new");
        await page.Locator("#name").FillAsync("Ada’s shop");
        await page.Locator("#redirecturis").FillAsync("http://shop.example.com/callback");
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator("#redirecturis-problem")).ToBeVisibleAsync();
        await inspect(page, "new-refused");
        await page.Locator("#redirecturis").FillAsync("https://shop.example.com/callback\nhttp://localhost:3000/callback");
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator("#client-secret")).ToBeVisibleAsync();
        await inspect(page, "registered");
        await page.Locator(".actions .button.primary").ClickAsync();
        await page.WaitForURLAsync(new Regex("/portal/clients/[^/]+$"));
    }

    // A program sends another redirect URI: its person sees a reference, and the owner what differs and a button that mends it.
    private static async Task MendAsync(IPage page, World world, string app, Func<IPage, string, Task> inspect)
    {
        var clientId = app[(app.LastIndexOf('/') + 1)..];
        await page.GotoAsync(At(world, $"{app}/failures"));
        await inspect(page, "failures-none");
        await page.GotoAsync(At(world, $"/connect/authorize?client_id={clientId}&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fshop.example.com%2FCallback"));
        var reference = (await page.Locator(".reference code").InnerTextAsync()).Trim();
        await page.GotoAsync(At(world, $"{app}/failures"));
        await inspect(page, "failures");
        await page.Locator("#reference").FillAsync(reference);
        await page.Locator("form .button").First.ClickAsync();
        await page.GotoAsync(At(world, $"{app}/failures/{reference}"));
        (await page.Locator("mark").AllInnerTextsAsync()).ShouldBe(["C", "c"]);
        await inspect(page, "failure");
        await page.Locator("a[href*='/portal/errors']").ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("redirect_uri_mismatch");
        await inspect(page, "failure-explained");
        await page.GotoAsync(At(world, $"{app}/failures/{reference}"));
        await page.Locator("form .button.primary").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToBeVisibleAsync();
        await inspect(page, "failure-mended");
    }

    private static async Task EditAsync(IPage page, World world, string app, Func<IPage, string, Task> inspect)
    {
        await page.GotoAsync(At(world, $"{app}/settings"));
        await inspect(page, "settings");
        foreach (var summary in await page.Locator("summary").AllAsync())
        {
            await summary.ClickAsync();
        }

        await inspect(page, "settings-all");
        await page.Locator("#access-token-lifetime").FillAsync("5");
        await page.Locator("#policy-uri").FillAsync("shop");
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator("#policy-uri-problem")).ToBeVisibleAsync();
        await inspect(page, "settings-refused");
        await page.Locator("#access-token-lifetime").FillAsync("300");
        await page.Locator("#policy-uri").FillAsync("https://shop.example.com/privacy");
        await page.Locator("#logo-uri").FillAsync("https://10.0.0.5/logo.png");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=saved"));

        await page.GotoAsync(At(world, $"{app}/keys"));
        await page.Locator("#jwks").FillAsync("""{"keys":[{"kty":"EC","crv":"P-256","kid":"spring","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}""");
        await page.Locator("form[action$=Paste] .button").ClickAsync();
        await page.WaitForURLAsync(new Regex("done=saved"));
        await inspect(page, "keys");
    }

    private static async Task ChangeSecretsAsync(IPage page, World world, string app, Func<IPage, string, Task> inspect)
    {
        await page.GotoAsync(At(world, $"{app}/secrets"));
        await page.Locator("#label").FillAsync("Autumn");
        await page.Locator("form[action$=Make] .button").ClickAsync();
        await Assertions.Expect(page.Locator("#client-secret")).ToBeVisibleAsync();
        await inspect(page, "secrets");
        await page.Locator("a[href$=retire]").Last.ClickAsync();
        await page.WaitForURLAsync(new Regex("/retire$"));
        await inspect(page, "retire");
        await page.Locator(".button.danger").ClickAsync();
        await page.WaitForURLAsync(new Regex("done=retired"));
        await inspect(page, "secrets-retired");
    }

    private static async Task ShareAsync(IPage page, World world, string app, Func<IPage, string, Task> inspect)
    {
        await page.GotoAsync(At(world, $"{app}/owners"));
        await page.Locator("#email").FillAsync("grace.hopper@example.com");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=sent"));
        await inspect(page, "owners");
    }

    private static async Task ApproveAsync(IPage page, World world, string app, Func<IPage, string, Task> inspect)
    {
        await page.GotoAsync(At(world, $"{app}/logo"));
        await page.Locator("form[action$=Take] .button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await inspect(page, "logo-refused");
        await page.Locator("#upload").SetInputFilesAsync(new FilePayload { Name = "logo.txt", MimeType = "image/png", Buffer = "no picture"u8.ToArray() });
        await page.SubmitAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no PNG");
        await UploadAsync(page);
        await inspect(page, "logo");

        await page.GotoAsync(At(world, $"{app}/approval"));
        await inspect(page, "approval");
        await page.Locator("#note").FillAsync("For the customers of the shop.");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=asked"));
        await page.GotoAsync(At(world, $"{app}/logo"));
        await page.Locator("form[action$=Remove] .button").ClickAsync();
        await page.WaitForURLAsync(new Regex("done=removed"));
        await page.GotoAsync(At(world, "/portal/approvals"));
        await page.Locator("form[action$=TakeLogo] .button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await inspect(page, "approvals-picture");
        await page.GotoAsync(At(world, $"{app}/logo"));
        await UploadAsync(page);
        await page.GotoAsync(At(world, "/portal/approvals"));
        await inspect(page, "approvals");
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=approved"));

        // What would cost the approval is asked about once more.
        await page.GotoAsync(At(world, $"{app}/settings"));
        await page.Locator("#client-uri").FillAsync("https://shop.example.com/");
        await page.SubmitAsync();
        await Assertions.Expect(page.Locator("[name=GivesUpApproval]")).ToBeVisibleAsync();
        await inspect(page, "settings-approval");
        await page.GotoAsync(At(world, "/portal"));
        await inspect(page, "list");
    }

    private static async Task UploadAsync(IPage page)
    {
        await page.Locator("#upload").SetInputFilesAsync(new FilePayload { Name = "logo.png", MimeType = "image/png", Buffer = Picture() });
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("done=saved"));
        (await page.Locator("img.client-logo").EvaluateAsync<int>("image => image.naturalWidth")).ShouldBe(256);
    }

    private static async Task SignInAsync(IPage page, World world, string email, string then)
    {
        await page.GotoAsync(At(world, then));
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.Code().FillAsync((await world.Smtp.TakeAsync(email, Cancel)).Code);
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex($"{then}$"));
    }

    private static string At(World world, string path) => new Uri(world.Server.Address, path).AbsoluteUri;

    private static byte[] Picture()
    {
        using var surface = SKSurface.Create(new SKImageInfo(600, 600));
        surface.Canvas.Clear(SKColors.SteelBlue);
        using var paint = new SKPaint { Color = SKColors.White, IsAntialias = true };
        surface.Canvas.DrawCircle(300, 300, 180, paint);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}

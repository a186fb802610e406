using IdentityServer.Browser.Tests;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Playwright;

namespace IdentityServer.Snippets.Tests;

/// <summary>Snippets whose pages need scripts: a person at a real browser.</summary>
public abstract class PageTests(Provider provider, Chromium chromium)
{
    private protected async Task SignsInAsync(string key, string path, string method)
    {
        Requires.File("/usr/bin/npm", "npm");
        await using var browser = await chromium.OpenAsync(Screen.Desktop);
        var port = FreePort.Find();
        var home = $"http://localhost:{port}/";
        var client = await provider.AddClientAsync(new ClientMetadataDraft(port, method)
            .With("redirect_uris", new[] { $"http://localhost:{port}{path}" }).With("post_logout_redirect_uris", new[] { home }).Members);
        var person = await provider.AddPersonAsync();
        await using var program = SnippetProgram.Save(provider.Issuer, client, key);
        await program.InstallAsync();
        await program.StartAsync(port);

        var page = await browser.NewPageAsync();
        await page.GotoAsync(home);
        await Button(page, "Sign in").ClickAsync();
        await page.Locator("input[autocomplete=username]").FillAsync(person.Email);
        await page.Locator("input[autocomplete=current-password]").FillAsync(World.Password);
        await Button(page, "Continue").ClickAsync();
        var code = page.Locator("input[autocomplete=one-time-code]");
        await Assertions.Expect(code).ToBeVisibleAsync();
        await code.FillAsync(await provider.NextCodeAsync(person));
        await Button(page, "Sign in").Or(Button(page, "Continue")).ClickAsync();

        await Assertions.Expect(page.GetByText($"Signed in: {person.Subject} Ada Lovelace")).ToBeVisibleAsync();
        page.Url.ShouldBe(home);
        await Button(page, "Sign out").ClickAsync();
        await Assertions.Expect(Button(page, "Sign in")).ToBeVisibleAsync();
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}

public sealed class ReactSnippetTests(Provider provider, Chromium chromium) : PageTests(provider, chromium)
{
    [Fact]
    public Task A_person_signs_in_through_it() => SignsInAsync("react", "/signed/in", ClientAuthenticationMethods.None);
}

public sealed class NextSnippetTests(Provider provider, Chromium chromium) : PageTests(provider, chromium)
{
    [Fact]
    public Task A_person_signs_in_through_it() => SignsInAsync("nextjs", "/sign/callback/ours", ClientAuthenticationMethods.Basic);
}

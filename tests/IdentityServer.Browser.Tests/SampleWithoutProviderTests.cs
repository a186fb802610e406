using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

public sealed class SampleWithoutProviderTests(Chromium chromium)
{
    [Fact]
    public async Task A_sample_whose_provider_is_not_running_says_how_to_start_it()
    {
        Requires.Chromium();
        var nobody = new Uri($"http://localhost:{FreePort.Find()}");
        await using var sample = await SampleProcess.StartAsync(nobody, FreePort.Find(), TestContext.Current.CancellationToken);

        foreach (var screen in Screen.Every)
        {
            await using var shown = await chromium.OpenAsync(screen);
            var page = await shown.NewPageAsync();
            await page.GotoAsync(sample.Address.AbsoluteUri);
            await page.InspectAsync("sample-home", screen);

            await page.Button("Sign in").ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("dotnet run --project src/IdentityServer");
            await page.InspectAsync("sample-unreachable", screen);
        }
    }
}

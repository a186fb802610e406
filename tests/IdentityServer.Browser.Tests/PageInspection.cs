using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using IdentityServer.Tests.Support;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>What every page must pass, whatever it is for.</summary>
internal static class PageInspection
{
    private static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new RunOnlyOptions
        {
            Type = "tag",
            Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    };

    /// <summary>Takes a picture, then asserts that axe finds nothing and that nobody has to scroll sideways.</summary>
    public static async Task InspectAsync(this IPage page, string name, Screen screen)
    {
        await page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(Repository.Screenshots, $"{name}-{screen.Name}.png"),
            FullPage = true,
        });

        var result = await page.RunAxe(Rules);
        result.Violations
            .SelectMany(violation => violation.Nodes.Select(node => $"{violation.Id}: {violation.Help} at {node.Html}"))
            .ShouldBeEmpty($"{name} on {screen}");
        result.Passes.ShouldNotBeEmpty();

        var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        overflow.ShouldBe(0, $"{name} scrolls sideways on {screen}");
    }
}

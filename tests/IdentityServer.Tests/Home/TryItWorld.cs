using IdentityServer.Home.TryIt;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Home;

/// <summary>The demo account that the first start brings along, and its way through the try-out.</summary>
internal static class TryItWorld
{
    public const string Email = "alice@example.com";
    private const string Password = "tea-with-the-hatter";

    /// <summary>Password and mailed code, from wherever the try-out begins to the redirect that ends at the callback.</summary>
    public static async Task<Answer> AnswerEverythingAsync(this Browser browser, string start = "/try-it")
    {
        var passwordPage = await browser.FollowAsync(await browser.GetAsync(start));
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(passwordPage, Email, Password));
        codePage.Alert.ShouldBeNull();
        var accepted = await browser.EnterCodeAsync(codePage, await browser.ReadCodeAsync(Email));
        accepted.Location.ShouldNotBeNull(accepted.Body);
        var answered = await browser.GetAsync(accepted.Location.ToString());
        answered.Location!.AbsolutePath.ShouldBe("/try-it/callback");
        return answered;
    }

    /// <summary>The whole way, to the page at its end.</summary>
    public static async Task<Answer> TryItAsync(this Browser browser, string start = "/try-it") =>
        await browser.FollowAsync(await browser.AnswerEverythingAsync(start));

    /// <summary>The claims of one of the page's tables.</summary>
    public static Dictionary<string, (string Value, string? Meaning)> Claims(this Answer page, string section) =>
        page.Document.QuerySelectorAll($"section[aria-labelledby={section}] tbody tr").ToDictionary(
            row => row.QuerySelector("th")!.TextContent.Trim(),
            row => (row.QuerySelector("td > code")!.TextContent, row.QuerySelector(".meaning")?.TextContent));

    /// <summary>A token of the page, as it travels.</summary>
    public static string RawToken(this Answer page, string section) =>
        page.Document.QuerySelector($"section[aria-labelledby={section}] details code")!.TextContent;

    /// <summary>Lets a test stand between the try-out client and the server.</summary>
    public static void Between(TestServerSetup setup, Func<HttpRequestMessage, HttpResponseMessage?> answer) =>
        setup.Configure = builder => builder.Services.AddHttpClient(nameof(TryItClient)).AddHttpMessageHandler(() => new Interceptor(answer));

    private sealed class Interceptor(Func<HttpRequestMessage, HttpResponseMessage?> answer) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request) is { } instead ? Task.FromResult(instead) : base.SendAsync(request, cancellationToken);
    }
}

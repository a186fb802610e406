using System.Net;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Home;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Portal;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Hosting;

public sealed partial class WebHardeningTests
{
    [Fact]
    public async Task Every_page_that_there_is_carries_the_whole_list()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();
        await browser.TryItAsync();
        browser = world.OpenBrowser();
        var walked = new List<Answer>();

        // The ceremony, and what strangers can do.
        await browser.GetAsync("/");
        await browser.AskForAccountAsync("somebody-new@example.com");
        await browser.AskForResetAsync(email);
        await browser.FollowAsync(await browser.GetAsync(client.Start()));
        await browser.SignInAsync(client.Start(), email);

        // The account, with refusals.
        foreach (var path in new[] { "", "/profile", "/sessions", "/apps", "/activity", "/data", "/password", "/address", "/delete" })
        {
            (await browser.GetAsync($"/account{path}")).Status.ShouldBe(HttpStatusCode.OK);
        }

        await browser.SubmitAsync(await browser.GetAsync("/account/profile"), new Dictionary<string, string> { ["birthdate"] = "yesterday" });
        await browser.SubmitAsync(await browser.GetAsync("/account/password"), new Dictionary<string, string> { ["Current"] = "wrong", ["Password"] = "wrong" });
        await browser.EnterCodeAsync(await browser.AskForAddressAsync("new@example.com"), "1");
        await browser.EnterCodeAsync(await browser.AskForDeletionAsync(), "00000");
        await browser.GetAsync("/account/no-such-page");
        await browser.GetAsync("/error");
        await browser.FollowAsync(await browser.SubmitAsync(await browser.GetAsync("/sign-out"), new Dictionary<string, string>()));
        walked.AddRange(browser.Seen);

        browser = world.OpenBrowser();
        await browser.TryItAsync();
        await browser.GetAsync("/try-it/callback?state=x&code=y");
        walked.AddRange(browser.Seen);

        var portal = await WalkPortalAsync(world);
        walked.AddRange(portal.Select(page => page.Answer));

        walked.ForEach(ShouldBeHardened);
        var pages = walked.Where(IsPage).Select(page => page.Message.RequestMessage!.RequestUri!.AbsolutePath.Trim('/'))
            .Concat(portal.Select(page => page.Route)).ToHashSet();
        world.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText!.Trim('/'))
            .Distinct().Except(pages).Except(["try-it", "form-post"]) // the one only redirects, the other answers an authorization: FormPostTests
            .ShouldBeEmpty("a page that nobody walked to may carry anything");
    }

    // An administrator who owns a client sees all of them.
    private static async Task<IReadOnlyList<(string Route, Answer Answer)>> WalkPortalAsync(World world)
    {
        var person = await world.AddPersonAsync(administrator: true);
        var client = await world.RegisterAsync(person);
        var (browser, _) = await world.OpenAccountAsync(person.User.Email);
        var walked = new List<(string, Answer)>();
        foreach (var (route, path, _) in await world.PagesOfPortalAsync(client))
        {
            var answer = await browser.GetAsync(path);
            answer.Status.ShouldBe(HttpStatusCode.OK, path);
            walked.Add((route, answer));
        }

        var run = (await world.WithAsync<TrialFlow, TrialBegun>(flow => flow.PrepareAsync(
            client.Settings, person.User.Id, new() { Grant = "authorization_code" }, TestContext.Current.CancellationToken)))
            .ShouldBeOfType<TrialBegun.Added>().Trial;
        walked.Add((TrialStage.RunRoute, await browser.GetAsync($"/portal/clients/{client.ClientId}/try/{run.Id:N}")));
        walked.Add((TrialStage.CallbackRoute, await browser.GetAsync($"/{TrialStage.CallbackRoute}")));
        return walked;
    }
}

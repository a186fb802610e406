using System.Net;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Portal;

public sealed class ActivityPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_sees_what_happened_a_moment_ago()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        world.Server.Services.GetRequiredService<ClientInsight>().Count(client.Settings.Id, ActivityKinds.Completed);
        var browser = world.OpenBrowser();

        var page = await browser.SignInAsync(Address(client), person.User.Email);

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Document.QuerySelector(".totals dd")!.TextContent.ShouldBe("1");
        page.Document.QuerySelectorAll("svg.picture").Length.ShouldBe(2, "sign-ins by day, and the funnel");
        page.Document.QuerySelector(".tabs [aria-current=page]")!.TextContent.ShouldBe("Activity");
    }

    [Fact]
    public async Task For_others_there_is_no_such_page()
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());
        var browser = world.OpenBrowser();

        (await browser.SignInAsync(Address(client), (await world.AddPersonAsync()).User.Email)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("", 30)]
    [InlineData("?days=7", 7)]
    [InlineData("?days=90", 90)]
    [InlineData("?days=91", 30)]
    [InlineData("?days=-1", 30)]
    [InlineData("?days=many", 30)]
    public async Task The_span_is_one_of_three(string query, int days)
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        world.Server.Services.GetRequiredService<ClientInsight>().Count(client.Settings.Id, ActivityKinds.Completed);
        var browser = world.OpenBrowser();
        await browser.SignInAsync(Address(client), person.User.Email);

        var page = await browser.GetAsync(Address(client) + query);

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Document.QuerySelector("section.chart table")!.QuerySelectorAll("tbody tr").Length.ShouldBe(days);
    }

    [Fact]
    public async Task A_full_page_stays_small_and_brings_no_style_or_script_of_its_own()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        await FillAsync(world, client.Settings.Id);
        var browser = world.OpenBrowser();
        await browser.SignInAsync(Address(client), person.User.Email);

        var page = await browser.GetAsync(Address(client) + "?days=90");

        page.Document.QuerySelectorAll("svg.picture").Length.ShouldBe(4);
        page.Body.Length.ShouldBeLessThan(50 * 1024);
        page.Document.QuerySelectorAll("main [style], main script, main style").ShouldBeEmpty();
    }

    private static string Address(IdentityServer.Ownership.OwnedClient client) => $"/portal/clients/{client.ClientId}/activity";

    // Ninety days of everything, and more reasons than have bars.
    /// <summary>Ninety busy days.</summary>
    internal static Task<bool> FillAsync(World world, string clientRowId) => world.Server.InScopeAsync(async services =>
    {
        var today = (int)(world.Clock.GetUtcNow().ToUnixTimeSeconds() / 86_400);
        var kinds = ActivityKinds.Funnel.Concat([ActivityKinds.Refreshed, ActivityKinds.ForItself, ActivityKinds.Declined])
            .Concat(LatencyBuckets.Ends.Select(end => $"{ActivityKinds.LatencyPrefix}{end}"))
            .Concat(Enumerable.Range(0, 22).Select(index => $"{ActivityKinds.FailurePrefix}client_authentication_reason_{index}")).ToList();
        await services.GetRequiredService<InsightOperations>().WriteAsync(
            new(
                [.. from age in Enumerable.Range(0, 90)
                    from kind in kinds
                    select new Storage.Entities.ClientActivityCount { ClientRowId = clientRowId, Day = today - age, Kind = kind, Count = 12_345 + age }],
                [], [], [], []),
            Cancel);
        return true;
    });
}

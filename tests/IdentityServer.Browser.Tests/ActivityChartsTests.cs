using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Ownership;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>What owners see of their app's activity: legible on every screen, and accessible with its tables open or shut.</summary>
public sealed class ActivityChartsTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("phone-light")]
    [InlineData("desktop-light")]
    [InlineData("desktop-dark")]
    [InlineData("narrow-dark")]
    public async Task Charts_and_tables_are_accessible(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await AddClientAsync(world, email);
        var page = await context.NewPageAsync();
        await SignInAsync(page, world, email, $"/portal/clients/{client.ClientId}/activity?days=90");

        await page.InspectAsync("app-activity", screen);
        (await LettersAsync(page)).ShouldBeGreaterThanOrEqualTo(12, "letters keep their size, however narrow the picture");
        (await page.EvaluateAsync<bool>(
            """
            () => [...document.querySelectorAll('svg.picture text')].every(text => {
              const own = text.getBoundingClientRect(), card = text.closest('.card').getBoundingClientRect();
              return own.left >= card.left && own.right <= card.right;
            })
            """)).ShouldBeTrue("no word leaves the card");

        foreach (var table in await page.Locator(".chart summary").AllAsync())
        {
            await table.ClickAsync();
        }

        await page.InspectAsync("app-activity-numbers", screen);
    }

    private static Task<double> LettersAsync(IPage page) => page.EvaluateAsync<double>(
        "() => Math.min(...[...document.querySelectorAll('svg.picture text')].map(text => text.getBoundingClientRect().height))");

    private static async Task<OwnedClient> AddClientAsync(World world, string email)
    {
        var person = new Actor.Person(await world.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(user => user.Email == email, Cancel)));
        return await world.Server.InScopeAsync(async services =>
        {
            var wish = JsonDocument.Parse("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"]}""").RootElement;
            var registered = (await services.GetRequiredService<OwnedClients>().RegisterAsync(person, wish, Cancel)).ShouldBeOfType<OwnedRegistration.Registered>();
            var client = (await services.GetRequiredService<ClientAccess>().FindAsync(person, registered.Client.ClientId!, Cancel))!;
            await services.GetRequiredService<InsightOperations>().WriteAsync(new([.. Counts(client.Settings.Id, Today(world))], [], [], [], []), Cancel);
            return client;
        });
    }

    // A quarter of a growing app: quiet at weekends, and one day that went wrong.
    private static IEnumerable<ClientActivityCount> Counts(string client, int today)
    {
        for (var age = 0; age < 90; age++)
        {
            var asked = (140 - age) * ((today - age) % 7 is 2 or 3 ? 4 : 11) * (age == 20 ? 3 : 1);
            yield return Count(ActivityKinds.Asked, asked);
            yield return Count(ActivityKinds.Mailed, asked * 9 / 10);
            yield return Count(ActivityKinds.Entered, asked * 8 / 10);
            yield return Count(ActivityKinds.Granted, asked * 12 / 10);
            yield return Count(ActivityKinds.Completed, asked * 11 / 10);
            yield return Count(ActivityKinds.Refreshed, asked * 7);
            yield return Count(ActivityKinds.FailurePrefix + FailureCodes.RedirectUriMismatch, age == 20 ? 900 : 3);
            yield return Count(ActivityKinds.FailurePrefix + "client_authentication_by_assertion", 2);
            yield return Count("latency.10", asked * 5);
            yield return Count("latency.50", asked * 3);
            yield return Count("latency.10000", 1);

            ClientActivityCount Count(string kind, int count) => new() { ClientRowId = client, Day = today - age, Kind = kind, Count = count };
        }
    }

    private static int Today(World world) => (int)(world.Clock.GetUtcNow().ToUnixTimeSeconds() / 86_400);

    private static async Task SignInAsync(IPage page, World world, string email, string address)
    {
        await page.GotoAsync(new Uri(world.Server.Address, address).AbsoluteUri);
        await page.Address().FillAsync(email);
        await page.Password().FillAsync(World.Password);
        await page.SubmitAsync();
        await Assertions.Expect(page.Code()).ToBeVisibleAsync();
        await page.Code().FillAsync((await world.Smtp.TakeAsync(email, Cancel)).Code);
        await page.SubmitAsync();
        await page.WaitForURLAsync(new Regex("/activity"));
        if (!page.Url.EndsWith(address, StringComparison.Ordinal))
        {
            await page.GotoAsync(new Uri(world.Server.Address, address).AbsoluteUri);
        }
    }
}

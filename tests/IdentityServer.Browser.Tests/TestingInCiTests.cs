using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Shop.EndToEndTests;

namespace IdentityServer.Browser.Tests;

/// <summary>What docs/testing-in-ci.md shows of Playwright, against an application.</summary>
public sealed class TestingInCiTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_example_signs_a_test_user_in_to_an_application_and_leaves_nothing_behind()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await using var world = await World.StartAsync(configure: setup => setup.Time = null); // applications know no other time
        var port = FreePort.Find();
        var (id, secret) = ("shop", "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Shop","redirect_uris":["http://localhost:{{port}}/signin-oidc"],
             "grant_types":["authorization_code","refresh_token","client_credentials"],"scope":"openid profile email offline_access clients.test-users"}
            """);
        await using var app = await SampleProcess.StartNewAsync(world.Server.Address, port, id, secret, Cancel);
        var page = await context.NewPageAsync();

        await using (var user = await TestUser.CreateAsync(world.Server.Address.AbsoluteUri.TrimEnd('/'), id, id, secret))
        {
            await user.SignInAsync(page, new Uri(app.Address, "/Account").AbsoluteUri);

            await Assertions.Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("Signed in");
        }

        (await world.ReadAsync(db => db.Users.CountAsync(row => row.TestOfClientId != null, Cancel))).ShouldBe(0);
    }
}

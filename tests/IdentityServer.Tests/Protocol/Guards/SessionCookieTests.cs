using System.Net;
using IdentityServer.Sessions;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>Guard 4: only the session cookie is a session, and only a consumed challenge gives one.</summary>
public sealed class SessionCookieTests
{
    private const string SessionCookie = "idsrv.session";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // "No token" alone would hold by the guards behind this one: what reads the cookie must not even take it for a session.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_handle_of_a_waiting_sign_in_is_no_session_to_anything_that_asks_for_one(bool renamed)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.ReachCodePageAsync(client.Start(), email);
        if (renamed)
        {
            Give(world, browser, browser.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value);
        }

        await ShouldHaveNoSessionAsync(world, browser, client);
    }

    [Theory]
    [InlineData("another secret")]
    [InlineData("another row")]
    [InlineData("cut off")]
    [InlineData("lengthened")]
    [InlineData("the row's own hash")]
    public async Task A_session_cookie_that_was_tampered_with_is_none(string how)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var owner = world.OpenBrowser();
        await owner.SignInAsync("/sign-in", email);
        var value = owner.Cookies.GetAllCookies().Single(cookie => cookie.Name == SessionCookie).Value;
        HandleCookie.TryParse(value, out var handle).ShouldBeTrue();
        var row = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(Cancel));
        var thief = world.OpenBrowser();
        Give(world, thief, how switch
        {
            "another secret" => HandleCookie.Create(handle!.Id).Reveal(),
            "another row" => HandleCookie.Create(Guid.NewGuid()).Reveal(),
            "cut off" => value[..^1],
            "lengthened" => value + "A",
            _ => Convert.ToBase64String([.. handle!.Id.ToByteArray(), .. row.HandleHash]).Replace('+', '-').Replace('/', '_').TrimEnd('='),
        });

        await ShouldHaveNoSessionAsync(world, thief, client);
    }

    [Fact]
    public async Task A_browser_whose_time_is_over_has_no_session()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in", email);
        await world.AdvanceAsync(TimeSpan.FromHours(12));

        await ShouldHaveNoSessionAsync(world, browser, client);
    }

    // Its cookie was copied before, so it is still there to be shown.
    [Fact]
    public async Task A_session_that_was_ended_is_none_to_a_copy_of_its_cookie()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in", email);
        var session = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(Cancel));
        await world.Server.InScopeAsync(async services =>
        {
            var ender = services.GetRequiredService<SessionEnder>();
            await ender.EndAsync(session, Cancel);
            await ender.CommitAsync(Cancel);
            return true;
        });

        await ShouldHaveNoSessionAsync(world, browser, client);
    }

    private static async Task ShouldHaveNoSessionAsync(World world, Browser browser, RelyingParty client)
    {
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Document.QuerySelector("#password").ShouldNotBeNull();
        (await browser.GetAsync("/connect/endsession")).Location!.ToString().ShouldBe("/signed-out", "a session would be asked about first");
        (await world.RefusalsAsync()).ShouldBeEmpty("it is no session, so the first guard was never asked");
        (await world.TokensOfPeopleAsync()).ShouldBeEmpty();
    }

    private static void Give(World world, Browser browser, string value) => browser.Cookies.Add(world.Server.Address, new Cookie(SessionCookie, value));
}

using System.Net;
using IdentityServer.Tests.Support;
using IdentityServer.Users.Hashing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Users;

/// <summary>More passwords than the machine can hash: those are put off, and everything else goes on.</summary>
public sealed class PasswordFloodTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_of_passwords_is_told_to_come_back_while_tokens_are_issued_as_ever()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var code = (await browser.SignInAsync(client.Start(), email)).Parameter("code")!;
        var gate = world.Server.Services.GetRequiredService<HashingGate>();
        using var flood = new ManualResetEventSlim();
        var taken = new List<Task>();
        while (gate.TryRun(() => flood.Wait(TimeSpan.FromMinutes(1)), Cancel) is { } place)
        {
            taken.Add(place);
        }

        try
        {
            foreach (var address in new[] { email, "nobody@example.com" })
            {
                var stranger = world.OpenBrowser();
                var busy = await stranger.EnterPasswordAsync(await stranger.GetAsync("/sign-in"), address);
                busy.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
                busy.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
                busy.Alert!.ShouldContain("busy just now");
            }

            var tokens = await client.ExchangeAsync(code);
            tokens.Status.ShouldBe(HttpStatusCode.OK);
            (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
            (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull();
        }
        finally
        {
            flood.Set();
            await Task.WhenAll(taken);
        }

        (await client.SignInAsync(email)).Status.ShouldBe(HttpStatusCode.OK);
    }
}

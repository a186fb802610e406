using System.Net;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.SignIn;

/// <summary>What counts as a failed password, and what does not.</summary>
public sealed class PasswordLimitsTests
{
    [Fact]
    public async Task A_server_that_is_too_busy_to_check_counts_nothing_against_whoever_asked()
    {
        var hasher = new SwitchedHasher();
        await using var world = await World.StartAsync(configure: setup =>
            setup.Configure = builder => builder.Services.AddSingleton<IPasswordHasher>(hasher));
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.GetAsync("/sign-in");
        hasher.Verdict = new PasswordVerdict.Busy(TimeSpan.FromSeconds(1));
        for (var attempt = 0; attempt < 30; attempt++)
        {
            var busy = await browser.EnterPasswordAsync(page, email);
            busy.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            busy.Message.Headers.RetryAfter.ShouldNotBeNull();
        }

        hasher.Verdict = new PasswordVerdict.Right(NeedsRehash: false);
        (await browser.EnterPasswordAsync(page, email)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task Eight_wrong_passwords_of_one_account_from_one_network_make_it_wait_and_another_network_does_not()
    {
        var hasher = new SwitchedHasher { Verdict = new PasswordVerdict.Wrong() };
        await using var world = await World.StartAsync(configure: setup =>
            setup.Configure = builder => builder.Services.AddSingleton<IPasswordHasher>(hasher));
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.GetAsync("/sign-in");
        for (var attempt = 0; attempt < 8; attempt++)
        {
            (await browser.EnterPasswordAsync(page, email)).Status.ShouldBe(HttpStatusCode.OK);
        }

        hasher.Verdict = new PasswordVerdict.Right(NeedsRehash: false);
        var refused = await browser.EnterPasswordAsync(page, email);
        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Message.Headers.RetryAfter.ShouldNotBeNull();
        (await browser.From("203.0.113.200").EnterPasswordAsync(page, email)).Status.ShouldBe(HttpStatusCode.SeeOther, "an account is never locked for everyone");
    }

    private sealed class SwitchedHasher : IPasswordHasher
    {
        public PasswordVerdict Verdict { get; set; } = new PasswordVerdict.Right(NeedsRehash: false);

        public Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken) => Task.FromResult(Verdict);

        public Task<string?> TryHashAsync(string password, CancellationToken cancellationToken) => Task.FromResult<string?>("unused");

        public Task<string> HashAsync(string password, CancellationToken cancellationToken) => Task.FromResult("unused");
    }
}

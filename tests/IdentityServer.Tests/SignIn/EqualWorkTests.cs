using System.Collections.Concurrent;
using System.Net;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.SignIn;

/// <summary>The password step does for an address that nobody has what it does for one that somebody has, so time tells nothing.</summary>
public sealed class EqualWorkTests
{
    [Fact]
    public async Task An_unknown_address_is_hashed_for_like_a_known_one()
    {
        var asked = new ConcurrentQueue<bool>();
        await using var world = await World.StartAsync(configure: setup => setup.Configure += builder =>
            builder.Services.AddSingleton<IPasswordHasher>(services => new Watched(ActivatorUtilities.CreateInstance<PasswordHasher>(services), asked)));
        var known = await world.AddUserAsync();

        foreach (var (address, password) in new[] { (known, "not the password"), ("nobody@example.com", "not the password"), ("nobody@example.com", World.Password), ("not an address", "x") })
        {
            var browser = world.OpenBrowser();
            var answer = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), address, password);
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer.Alert.ShouldNotBeNull();
        }

        asked.ToArray().ShouldBe([true, false, false, false], "each was checked once, with a hash of the account or without");
    }

    [Fact]
    public async Task An_unknown_address_is_limited_like_a_known_one()
    {
        await using var world = await World.StartAsync();
        var answers = new List<int>();
        foreach (var address in new[] { await world.AddUserAsync(), "nobody@example.com" })
        {
            var browser = world.OpenBrowser();
            for (var attempt = 1; attempt <= 9; attempt++)
            {
                var answer = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), address, "not the password");
                answers.Add((int)answer.Status);
            }
        }

        answers.ShouldBe([.. Enumerable.Repeat(200, 8), 429, .. Enumerable.Repeat(200, 8), 429]);
    }

    [Fact]
    public async Task A_sign_up_hashes_once_whether_or_not_the_address_is_taken()
    {
        var asked = new ConcurrentQueue<bool>();
        await using var world = await World.StartAsync(configure: setup => setup.Configure += builder =>
            builder.Services.AddSingleton<IPasswordHasher>(services => new Watched(ActivatorUtilities.CreateInstance<PasswordHasher>(services), asked)));
        foreach (var address in new[] { await world.AddUserAsync(), "nobody@example.com" })
        {
            asked.Clear();
            await world.OpenBrowser().AskForAccountAsync(address);
            asked.Count.ShouldBe(1, address);
        }
    }

    private sealed class Watched(IPasswordHasher inner, ConcurrentQueue<bool> asked) : IPasswordHasher
    {
        public Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken)
        {
            asked.Enqueue(storedHash is not null);
            return inner.VerifyAsync(storedHash, password, normalizedAddress, cancellationToken);
        }

        public Task<string?> TryHashAsync(string password, CancellationToken cancellationToken)
        {
            asked.Enqueue(true);
            return inner.TryHashAsync(password, cancellationToken);
        }

        public Task<string> HashAsync(string password, CancellationToken cancellationToken) => inner.HashAsync(password, cancellationToken);
    }
}

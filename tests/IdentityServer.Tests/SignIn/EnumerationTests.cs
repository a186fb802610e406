using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using IdentityServer.Users.Hashing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.SignIn;

/// <summary>Nobody learns at the password page whether an address has an account: same words, same work.</summary>
public sealed class EnumerationTests
{
    private const string Bcrypt = "$2b$04$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.";
    private const string IdentityV3 = "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8ZXUeoOZuCaXCeLHAGO1r7AmiPHKDDLCTgLiAAl9j89w==";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_imported_accounts_unknown_addresses_cost_what_theirs_cost_and_keep_that_over_restarts(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        for (var number = 0; number < 20; number++)
        {
            await AddAsync(world, $"old-{number}@example.com", number % 2 == 0 ? Bcrypt : IdentityV3);
        }

        await world.Server.RestartAsync();
        var first = await FormatsAsync(world);
        await world.Server.RestartAsync();
        var second = await FormatsAsync(world);

        // The demo account is the only one whose hash is of our own making; chance gives that one to half of the addresses never.
        first.Count(format => format != "argon2id").ShouldBeGreaterThan(first.Count / 2);
        second.ShouldBe(first);
    }

    [Fact]
    public async Task Accounts_imported_while_the_server_runs_are_counted_as_soon_as_one_of_them_is_tried()
    {
        await using var world = await World.StartAsync();
        for (var number = 0; number < 99; number++)
        {
            await AddAsync(world, $"old-{number}@example.com", Bcrypt);
        }

        await WrongPasswordAsync(world, "old-7@example.com");

        var decoys = world.Server.Services.GetRequiredService<DecoyHashes>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (Enumerable.Range(0, 100).Count(number => decoys.For($"nobody-{number}@example.com").Format == "bcrypt") < 50)
        {
            await Task.Delay(10, patience.Token);
        }
    }

    private static async Task AddAsync(World world, string email, string hash)
    {
        EmailAddress.TryParse(email, out var address).ShouldBeTrue();
        StandardClaims.TryParse([], out var claims, out _).ShouldBeTrue();
        (await world.Server.InScopeAsync(services => services.GetRequiredService<UserDirectory>().CreateAsync(new(address!, hash, true, claims!), Cancel)))
            .ShouldBeOfType<UserCreation.Created>();
    }

    // What was hashed for each of a few addresses that nobody has.
    private static async Task<List<string>> FormatsAsync(World world)
    {
        using var hashed = new HashListener(world);
        for (var number = 0; number < 16; number++)
        {
            await WrongPasswordAsync(world, $"nobody-{number}@example.com");
        }

        return hashed.Formats;
    }

    private static async Task WrongPasswordAsync(World world, string email)
    {
        var browser = world.OpenBrowser();
        var answer = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email, "wrong-but-long-enough");
        answer.Alert.ShouldNotBeNull();
    }

    private sealed class HashListener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<string> _formats = new();

        public HashListener(World world)
        {
            var meters = world.Server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name == HashingMetrics.Duration)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => _formats.Enqueue((string)tags[0].Value!));
            _listener.Start();
        }

        public List<string> Formats => [.. _formats];

        public void Dispose() => _listener.Dispose();
    }
}

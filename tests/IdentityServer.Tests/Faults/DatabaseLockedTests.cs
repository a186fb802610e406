using System.Net;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Faults;

/// <summary>Another process (a backup, a person with a shell) holds the SQLite file's write lock for a while.</summary>
public sealed class DatabaseLockedTests
{
    private static readonly TimeSpan _held = TimeSpan.FromSeconds(1.5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guesses_wait_for_the_lock_each_is_spent_and_the_right_code_works_afterwards()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);
        Task<Answer>[] guesses;
        await using (await LockAsync(world))
        {
            guesses = [.. Enumerable.Range(1, 3).Select(shift => browser.EnterCodeAsync(page, Browser.WrongCode(code, shift)))];
            await ShouldStillAnswerAsync(world);
            await Task.Delay(_held, Cancel);
            guesses.ShouldAllBe(guess => !guess.IsCompleted, "nothing is judged before it is spent");
            (await AttemptsLeftAsync(world)).ShouldBe(5);
        }

        var answers = await Task.WhenAll(guesses).WaitAsync(TimeSpan.FromMinutes(1), Cancel);

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK && answer.Alert!.Contains("not right"));
        (await AttemptsLeftAsync(world)).ShouldBe(2);
        (await browser.EnterCodeAsync(page, code)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task A_right_code_and_an_exchange_that_waited_succeed_once()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var code = await browser.ReadCodeAsync(email);
        Task<Answer>[] entered;
        await using (await LockAsync(world))
        {
            entered = [.. Enumerable.Range(0, 3).Select(_ => browser.EnterCodeAsync(page, code))];
            await Task.Delay(_held, Cancel);
        }

        var answers = await Task.WhenAll(entered).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        answers.Count(answer => answer.Location!.ToString().StartsWith("/connect/authorize", StringComparison.Ordinal)).ShouldBe(1);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(1);

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))));
        Task<TokenAnswer> exchange;
        await using (await LockAsync(world))
        {
            exchange = client.ExchangeAsync(back.Parameter("code")!);
            await Task.Delay(_held, Cancel);
            exchange.IsCompleted.ShouldBeFalse("a code is not traded for tokens before that is durable");
        }

        (await exchange.WaitAsync(TimeSpan.FromMinutes(1), Cancel)).Status.ShouldBe(HttpStatusCode.OK);
    }

    // Who only reads is not held up by who writes.
    private static async Task ShouldStillAnswerAsync(World world)
    {
        using var http = world.Server.CreateClient();
        foreach (var path in new[] { "/health/ready", "/sign-in", "/.well-known/openid-configuration" })
        {
            (await http.GetAsync(path, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    private static Task<int> AttemptsLeftAsync(World world) =>
        world.ReadAsync(db => db.OtpChallenges.Select(challenge => challenge.AttemptsLeft).SingleAsync(Cancel));

    private static async Task<IAsyncDisposable> LockAsync(World world)
    {
        var file = new SqliteConnectionStringBuilder(world.Server.Services.GetRequiredService<StorageSettings>().ConnectionString).DataSource;
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(Cancel);
        return connection; // closing it lets go of the lock
    }
}

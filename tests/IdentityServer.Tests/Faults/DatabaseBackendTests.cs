using System.Net;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IdentityServer.Tests.Faults;

/// <summary>PostgreSQL ends the server's connections, idle or in the middle of a transaction, as a restart or a failover does.</summary>
public sealed class DatabaseBackendTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guess_whose_spending_is_cut_off_is_neither_spent_nor_judged()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);

        var cutOff = await CutOffAsync(world, "SELECT 1 FROM otp_challenges FOR UPDATE", () => browser.EnterCodeAsync(page, code));

        ShouldAskToComeBack(cutOff);
        (await AttemptsLeftAsync(world)).ShouldBe(5);
        var wrong = await browser.EnterCodeAsync(page, Browser.WrongCode(code));
        wrong.Alert!.ShouldContain("4 more tries");
        (await browser.EnterCodeAsync(page, code)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task A_right_code_whose_consumption_is_cut_off_stays_spent_opens_nothing_and_works_again()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);

        var cutOff = await CutOffAsync(world, "LOCK TABLE authentication_sessions IN SHARE MODE", () => browser.EnterCodeAsync(page, code));

        ShouldAskToComeBack(cutOff);
        (await AttemptsLeftAsync(world)).ShouldBe(4, "it was spent before it was compared, in a commit of its own");
        (await SessionsAsync(world)).ShouldBe(0);
        (await browser.EnterCodeAsync(page, code)).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await SessionsAsync(world)).ShouldBe(1);
    }

    [Fact]
    public async Task An_exchange_that_is_cut_off_gives_nothing_and_the_code_is_still_good()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var back = await world.OpenBrowser().SignInAsync(client.Start(), email);

        var cutOff = await CutOffAsync(world, "SELECT 1 FROM tokens FOR UPDATE", () => client.ExchangeAsync(back.Parameter("code")!));

        cutOff.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        cutOff.AccessToken.ShouldBeNull();
        (await client.ExchangeAsync(back.Parameter("code")!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_all_connections_ended_one_request_at_most_fails()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        using var http = world.Server.CreateClient();
        await FillThePoolAsync(world, http);
        await using var administrator = await OpenAsync(world);

        (await ExecuteAsync(administrator, $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {OfTheServer}")).ShouldBeOfType<long>().ShouldBeGreaterThanOrEqualTo(8);

        (await http.GetAsync(Uncached(), Cancel)).StatusCode.ShouldBeOneOf(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        var after = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.GetAsync(Uncached(), Cancel)));
        after.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.OK);
        (await http.GetAsync("/health/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private const string OfTheServer = "datname = current_database() AND application_name = 'IdentityServer'";

    // A client that nobody knows is looked up each time.
    private static string Uncached() => $"/sign-in?client_id=nobody-{Guid.NewGuid():N}&request_uri=urn:ietf:params:oauth:request_uri:x";

    private static void ShouldAskToComeBack(Answer answer)
    {
        answer.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Message.Headers.RetryAfter.ShouldNotBeNull();
        answer.Message.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    // Holds what the request needs, waits until its transaction stands there, and ends its backend.
    private static async Task<T> CutOffAsync<T>(World world, string hold, Func<Task<T>> send)
    {
        await using var holder = await OpenAsync(world);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await ExecuteAsync(holder, hold);
        var sent = send();
        await using var administrator = await OpenAsync(world);
        var began = TimeProvider.System.GetTimestamp();
        while (await ExecuteAsync(administrator, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OfTheServer} AND wait_event_type = 'Lock' LIMIT 1") is not true)
        {
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(_longest, "the request came to what it was to wait for");
            await Task.Delay(20, Cancel);
        }

        return await sent.WaitAsync(_longest, Cancel);
    }

    // Every request holds a connection of its own while the table is locked.
    private static async Task FillThePoolAsync(World world, HttpClient http)
    {
        Task<HttpResponseMessage>[] requests;
        await using (var holder = await OpenAsync(world))
        {
            await using var transaction = await holder.BeginTransactionAsync(Cancel);
            await ExecuteAsync(holder, "LOCK TABLE clients IN ACCESS EXCLUSIVE MODE");
            requests = [.. Enumerable.Range(0, 8).Select(_ => http.GetAsync(Uncached(), Cancel))];
            await using var administrator = await OpenAsync(world);
            var began = TimeProvider.System.GetTimestamp();
            while (await ExecuteAsync(administrator, $"SELECT count(*) FROM pg_stat_activity WHERE {OfTheServer} AND wait_event_type = 'Lock'") is not 8L)
            {
                TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(_longest);
                await Task.Delay(20, Cancel);
            }
        }

        (await Task.WhenAll(requests)).ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.OK);
    }

    private static Task<int> AttemptsLeftAsync(World world) =>
        world.ReadAsync(db => db.OtpChallenges.Select(challenge => challenge.AttemptsLeft).SingleAsync(Cancel));

    private static Task<int> SessionsAsync(World world) => world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel));

    private static async Task<NpgsqlConnection> OpenAsync(World world)
    {
        var settings = world.Server.Services.GetRequiredService<StorageSettings>();
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { ApplicationName = "test", Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancel);
        return connection;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }
}

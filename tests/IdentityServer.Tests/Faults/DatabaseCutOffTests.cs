using System.Net;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IdentityServer.Tests.Faults;

/// <summary>Two nodes, of which one is cut off from the database: it says so, decides nothing from memory, and is back when the wire is.</summary>
public sealed class DatabaseCutOffTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_without_its_database_leaves_the_balancers_list_within_five_seconds_and_signs_nobody_in()
    {
        await using var world = await World.StartAsync(postgreSql: true, setup => setup.Settings["Issuer"] = "http://id.example.com");
        var database = new NpgsqlConnectionStringBuilder(world.Server.Services.GetRequiredService<StorageSettings>().ConnectionString);
        await using var link = new DatabaseLink(database.Host!, database.Port);
        await using var node = await world.Server.StartAnotherNodeAsync(setup =>
            setup.Settings["Storage:ConnectionString"] = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = link.Port }.ConnectionString);

        // All that a node could be tempted to answer from memory: an open session, a right password, a right code, good tokens.
        var client = await world.AddClientAsync();
        var (one, two) = (await world.AddUserAsync(), await world.AddUserAsync());
        var signedIn = world.OpenBrowser(node);
        var back = await signedIn.SignInAsync(client.Start(), one);
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        var waiting = world.OpenBrowser(node);
        var codePage = await waiting.ReachCodePageAsync("/sign-in", two);
        var code = await waiting.ReadCodeAsync(two);
        var typing = world.OpenBrowser(node);
        var passwordPage = await typing.GetAsync("/sign-in");
        var sessions = await SessionsAsync(world);
        using var http = node.CreateClient(cookies: false);
        (await http.GetAsync("/health/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        link.Silence();
        var began = TimeProvider.System.GetTimestamp();
        var ready = await http.GetAsync("/health/ready", Cancel);
        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await http.GetAsync("/health/live", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK, "the process itself is well");

        var silent = signedIn.GetAsync(client.Start(("prompt", "none")));
        var entered = waiting.EnterCodeAsync(codePage, code);
        var typed = typing.EnterPasswordAsync(passwordPage, one);
        var refreshed = TokenAsync(http, client, tokens.RefreshToken!);
        var shown = UserInfoAsync(http, tokens.AccessToken!);
        link.Cut();

        (await silent.WaitAsync(_longest, Cancel)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await entered.WaitAsync(_longest, Cancel)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await typed.WaitAsync(_longest, Cancel)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await refreshed.WaitAsync(_longest, Cancel)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await shown.WaitAsync(_longest, Cancel)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await SessionsAsync(world)).ShouldBe(sessions, "the other node sees nothing new");
        (await world.OpenBrowser().GetAsync("/health/ready")).Status.ShouldBe(HttpStatusCode.OK, "the other node serves on");

        link.Mend();
        (await http.GetAsync("/health/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await waiting.EnterCodeAsync(codePage, code)).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await TokenAsync(http, client, tokens.RefreshToken!)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static Task<int> SessionsAsync(World world) => world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel));

    private static async Task<HttpResponseMessage> TokenAsync(HttpClient http, RelyingParty client, string refreshToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{client.Id}:{client.Secret}")));
        request.Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken });
        return await http.SendAsync(request, Cancel);
    }

    private static async Task<HttpResponseMessage> UserInfoAsync(HttpClient http, string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new("Bearer", accessToken);
        return await http.SendAsync(request, Cancel);
    }
}

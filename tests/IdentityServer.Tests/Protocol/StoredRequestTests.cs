using System.Globalization;
using System.Net;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol;

/// <summary>Authorization requests are stored for anyone who asks, so their size and their number are limited.</summary>
public sealed class StoredRequestTests
{
    private const int Size = 8 * 1024;

    [Theory]
    [InlineData(0, HttpStatusCode.Redirect)]
    [InlineData(1, HttpStatusCode.BadRequest)]
    public async Task A_request_is_stored_up_to_eight_kilobytes_of_parameters(int over, HttpStatusCode status)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var request = Filled(client.Request(), Size + over);

        var answer = await world.OpenBrowser().PostAsync("/connect/authorize", request);

        answer.Status.ShouldBe(status, answer.Body);
        (await StoredAsync(world)).ShouldBe(1 - over);
        if (over > 0)
        {
            answer.Body.ShouldContain("more than 8192 bytes");
        }
    }

    [Fact]
    public async Task Many_small_parameters_count_as_one_large_one_would()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        IEnumerable<KeyValuePair<string, string>> doubled = client.Request().Concat(Enumerable.Repeat(KeyValuePair.Create("extra", "x"), 64));

        var answer = await world.OpenBrowser().PostAsync("/connect/authorize", doubled);
        var inQuery = await world.OpenBrowser().GetAsync(client.Start() + string.Concat(Enumerable.Repeat("&extra=x", 64)));

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Body.ShouldContain("more than 64 parameters");
        inQuery.Status.ShouldBe(HttpStatusCode.BadRequest);
        (await StoredAsync(world)).ShouldBe(0);
    }

    [Theory]
    [InlineData(0, HttpStatusCode.Created)]
    [InlineData(1, HttpStatusCode.BadRequest)]
    public async Task A_pushed_request_has_the_same_limit_and_is_told_so_in_JSON(int over, HttpStatusCode status)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("none");

        var answer = await client.PostAsync("/connect/par", Filled(client.Request(), Size + over));

        answer.Status.ShouldBe(status, answer.Json.ToString());
        (await StoredAsync(world)).ShouldBe(1 - over);
        if (over > 0)
        {
            answer.Error.ShouldBe("invalid_request");
            answer.Json.GetProperty("error_description").GetString()!.ShouldContain("more than 8192 bytes");
        }
    }

    [Fact]
    public async Task A_network_of_strangers_has_so_many_requests_stored_and_is_then_told_when_to_come_back()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var atWork = world.OpenBrowser(network: "192.0.2.50");
        await atWork.SignInAsync(client.Start(), email);
        await BeginAsync(world, client, "192.0.2.50", StoredRequestAllowance.PerNetwork - 1);
        var stored = await StoredAsync(world);

        var refused = await world.OpenBrowser(network: "192.0.2.50").GetAsync(client.Start());

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Document.QuerySelector("h1")!.TextContent.ShouldContain("Too many");
        var wait = int.Parse(refused.Message.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture);
        wait.ShouldBeInRange(1, 5);
        (await StoredAsync(world)).ShouldBe(stored, "nothing was stored");
        (await world.OpenBrowser(network: "192.0.2.51").GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.Redirect, "another network is not held up");
        (await atWork.FollowAsync(await atWork.GetAsync(client.Start()))).Parameter("code").ShouldNotBeNull("who is signed in is no stranger");

        await world.AdvanceAsync(TimeSpan.FromSeconds(wait));
        (await world.OpenBrowser(network: "192.0.2.50").GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.Redirect);
        (await world.OpenBrowser(network: "192.0.2.50").GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task All_addresses_of_an_IPv6_network_share_one_allowance()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        await BeginAsync(world, client, "2001:db8:7:7::1", StoredRequestAllowance.PerNetwork);

        (await world.OpenBrowser(network: "2001:db8:7:7:ffff::2").GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await world.OpenBrowser(network: "2001:db8:7:8::1").GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.Redirect);
    }

    [Fact]
    public async Task Requests_that_fail_and_requests_that_were_stored_before_cost_nothing()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser(network: "192.0.2.60");
        for (var number = 0; number < StoredRequestAllowance.PerNetwork; number++)
        {
            (await browser.GetAsync(client.Start(("redirect_uri", "https://evil.example/")))).Status.ShouldBe(HttpStatusCode.BadRequest);
        }

        var first = await browser.GetAsync(client.Start());
        for (var number = 0; number < StoredRequestAllowance.PerNetwork; number++)
        {
            (await browser.GetAsync(new Uri(world.Server.Address, first.Location!).PathAndQuery)).Status.ShouldBe(HttpStatusCode.SeeOther);
        }

        await BeginAsync(world, client, "192.0.2.60", StoredRequestAllowance.PerNetwork - 1);
    }

    [Fact]
    public async Task A_public_client_pushes_as_a_stranger_does_and_one_with_a_secret_as_often_as_it_likes()
    {
        await using var world = await World.StartAsync();
        var (app, backEnd) = (await world.AddClientAsync("none"), await world.AddClientAsync());
        for (var number = 0; number < StoredRequestAllowance.PerNetwork; number++)
        {
            (await app.PostAsync("/connect/par", app.Request())).Status.ShouldBe(HttpStatusCode.Created);
            (await backEnd.PostAsync("/connect/par", backEnd.Request())).Status.ShouldBe(HttpStatusCode.Created);
        }

        var refused = await app.PostAsync("/connect/par", app.Request());

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Error.ShouldBe("temporarily_unavailable");
        (await backEnd.PostAsync("/connect/par", backEnd.Request())).Status.ShouldBe(HttpStatusCode.Created);
        await world.AdvanceAsync(TimeSpan.FromSeconds(5));
        (await app.PostAsync("/connect/par", app.Request())).Status.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task BeginAsync(World world, RelyingParty client, string network, int times)
    {
        var browser = world.OpenBrowser(network: network);
        for (var number = 0; number < times; number++)
        {
            (await browser.GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.Redirect);
        }
    }

    // Fills a parameter up until names and values have so many bytes in all.
    private static Dictionary<string, string> Filled(Dictionary<string, string> request, int size)
    {
        request["state"] = "";
        request["state"] = new string('s', size - request.Sum(parameter => parameter.Key.Length + parameter.Value.Length));
        return request;
    }

    private static Task<int> StoredAsync(World world) =>
        world.ReadAsync(db => db.Tokens.CountAsync(token => token.Type!.Contains("request"), TestContext.Current.CancellationToken));
}

using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>How long tokens live: for all alike, and shorter for clients that wish so.</summary>
public sealed class TokenLifetimeTests
{
    [Theory]
    [InlineData(7 * 24 * 60 - 1, true)]
    [InlineData(7 * 24 * 60 + 1, false)]
    public async Task A_refresh_token_that_nobody_uses_ends_after_seven_days(int minutes, bool works)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        await world.AdvanceAsync(TimeSpan.FromMinutes(minutes));

        (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(works ? HttpStatusCode.OK : HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task However_often_they_are_used_all_end_fourteen_days_after_the_code()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        for (var day = 5; day < 14; day += 5)
        {
            await world.AdvanceAsync(TimeSpan.FromDays(5));
            tokens = await client.RefreshAsync(tokens.RefreshToken!);
            tokens.Status.ShouldBe(HttpStatusCode.OK);
        }

        await world.AdvanceAsync(TimeSpan.FromDays(4) - TimeSpan.FromMinutes(1));
        tokens = await client.RefreshAsync(tokens.RefreshToken!);
        tokens.Status.ShouldBe(HttpStatusCode.OK, "a minute before the end");
        await world.AdvanceAsync(TimeSpan.FromMinutes(2));

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_clients_own_times_are_kept_to_the_second()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(
            extra: "\"access_token_lifetime\":120,\"refresh_token_lifetime\":3600,\"refresh_token_idle_lifetime\":1200");
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        tokens.Json.GetProperty("expires_in").GetInt32().ShouldBe(120);
        await world.AdvanceAsync(TimeSpan.FromSeconds(119));
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        await world.AdvanceAsync(TimeSpan.FromSeconds(2));
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        // Used every quarter of an hour they live for the hour, and not beyond.
        for (var quarter = 1; quarter < 4; quarter++)
        {
            await world.AdvanceAsync(TimeSpan.FromMinutes(15));
            tokens = await client.RefreshAsync(tokens.RefreshToken!);
            tokens.Status.ShouldBe(HttpStatusCode.OK, $"quarter {quarter}");
        }

        await world.AdvanceAsync(TimeSpan.FromMinutes(15));
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task An_idle_token_of_a_client_with_shorter_times_ends_earlier()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: "\"refresh_token_idle_lifetime\":600");
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        await world.AdvanceAsync(TimeSpan.FromSeconds(601));

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A22_A_client_that_has_not_registered_offline_access_gets_no_refresh_token_however_it_asks(bool pushed)
    {
        await using var world = await World.StartAsync();
        var id = $"online-{Guid.NewGuid():N}";
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_name":"Online","token_endpoint_auth_method":"none","redirect_uris":["{{RelyingParty.RedirectUri}}"],
             "grant_types":["authorization_code","refresh_token"],"scope":"openid email","first_party":true}
            """);
        var client = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, null, "none");
        var scope = ("scope", (string?)"openid email offline_access");
        var start = pushed
            ? $"/connect/authorize?client_id={id}&request_uri={Uri.EscapeDataString((await client.PostAsync("/connect/par", client.Request(scope))).Json.GetProperty("request_uri").GetString()!)}"
            : client.Start(scope);

        var tokens = await client.ExchangeAsync((await world.OpenBrowser().SignInAsync(start, await world.AddUserAsync())).Parameter("code")!);

        tokens.IdToken.ShouldNotBeNull();
        tokens.RefreshToken.ShouldBeNull();
        tokens.Json.TryGetProperty("scope", out var given).ShouldBeTrue("fewer scopes than were asked for are told (RFC 6749 §3.3)");
        given.GetString().ShouldBe("openid email");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_refreshes_at_two_nodes_at_once_one_wins_and_what_it_won_is_lost_with_the_family(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        await using var node = await world.Server.StartAnotherNodeAsync(setup => setup.Settings["Issuer"] = world.Server.Address.GetLeftPart(UriPartial.Authority));
        var client = await world.AddClientAsync();
        var there = new RelyingParty(node.CreateClient(cookies: false), () => world.OpenBrowser(node), client.Id, client.Secret, "client_secret_basic");
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? client : there).RefreshAsync(tokens.RefreshToken!)));

        var winner = answers.Single(answer => answer.Status == HttpStatusCode.OK);
        answers.Count(answer => answer.Error == "invalid_grant").ShouldBe(19);
        (await there.RefreshAsync(winner.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(winner.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }
}

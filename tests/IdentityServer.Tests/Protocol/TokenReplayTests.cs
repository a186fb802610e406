using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol;

/// <summary>Threats 10, 22, 23: what was used once is used up, and who tries again loses the family.</summary>
public sealed class TokenReplayTests
{
    [Fact]
    public async Task T7_A_code_used_twice_kills_what_the_first_use_gave()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), email)).Parameter("code")!;
        var first = await client.ExchangeAsync(code);

        (await client.ExchangeAsync(code)).Error.ShouldBe("invalid_grant");

        (await client.UserInfoAsync(first.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.RefreshAsync(first.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await ReplaysAsync(world)).ShouldBe(1);
    }

    [Fact]
    public async Task T6_A_code_is_used_once()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!;
        (await client.ExchangeAsync(code)).Status.ShouldBe(HttpStatusCode.OK);

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var again = await client.ExchangeAsync(code);
            (again.Status, again.Error).ShouldBe((HttpStatusCode.BadRequest, "invalid_grant"));
            again.AccessToken.ShouldBeNull();
        }
    }

    [Fact]
    public async Task A_refresh_token_used_twice_is_audited_with_whom_and_where()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await ReplaysAsync(world)).ShouldBe(0);

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");

        (await world.ReadAsync(db => db.AuditEvents.CountAsync(
            told => told.Name == AuditEvents.TokenReplayed && told.UserId != null && told.SessionId != null && told.ClientId == client.Id,
            TestContext.Current.CancellationToken))).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T6_Of_many_exchanges_of_one_code_at_once_at_most_one_succeeds_and_nothing_of_it_survives(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), email)).Parameter("code")!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.ExchangeAsync(code)));

        var won = answers.Where(answer => answer.Status == HttpStatusCode.OK).ShouldHaveSingleItem();
        answers.Count(answer => answer.Error == "invalid_grant").ShouldBe(19);
        (await client.RefreshAsync(won.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T8_Of_many_refreshes_with_one_token_at_once_exactly_one_succeeds(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.RefreshAsync(tokens.RefreshToken!)));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(answer => answer.Error == "invalid_grant").ShouldBe(19);
    }

    [Fact]
    public async Task T8_A_refresh_renews_the_id_token_for_the_same_sign_in_and_the_old_token_is_dead()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var first = await client.SignInAsync(await world.AddUserAsync());
        await world.AdvanceAsync(TimeSpan.FromMinutes(3));

        var second = await client.RefreshAsync(first.RefreshToken!);

        foreach (var claim in new[] { "iss", "sub", "aud", "auth_time", "sid", "acr" })
        {
            second.IdTokenClaims.GetProperty(claim).GetRawText().ShouldBe(first.IdTokenClaims.GetProperty(claim).GetRawText(), claim);
        }

        (second.IdTokenClaims.GetProperty("iat").GetInt64() - first.IdTokenClaims.GetProperty("iat").GetInt64()).ShouldBe(180);
        second.RefreshToken.ShouldNotBe(first.RefreshToken);
        (await client.UserInfoAsync(second.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await client.RefreshAsync(first.RefreshToken!)).Error.ShouldBe("invalid_grant");

        // Who uses it again, thief or robbed, ends the whole family.
        (await client.RefreshAsync(second.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(second.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.UserInfoAsync(first.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task T8_A_refresh_token_replayed_after_a_restart_kills_the_family()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        var rotated = await client.RefreshAsync(tokens.RefreshToken!);
        rotated.Status.ShouldBe(HttpStatusCode.OK);
        await world.Server.RestartAsync();

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");

        (await client.RefreshAsync(rotated.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.UserInfoAsync(rotated.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_replay_of_one_sign_in_leaves_another_of_the_same_person_alone()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var (one, two) = (await client.SignInAsync(email), await client.SignInAsync(email));
        await client.RefreshAsync(one.RefreshToken!);
        (await client.RefreshAsync(one.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.RefreshAsync(two.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task T9_Another_clients_refresh_token_or_code_is_refused_and_stays_good_for_its_owner()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (owner, thief) = (await world.AddClientAsync(), await world.AddClientAsync());
        var code = (await world.OpenBrowser().SignInAsync(owner.Start(), email)).Parameter("code")!;
        (await thief.ExchangeAsync(code, ("code_verifier", owner.Verifier))).Error.ShouldBe("invalid_grant");
        var tokens = await owner.ExchangeAsync(code);
        tokens.Status.ShouldBe(HttpStatusCode.OK);
        (await thief.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await owner.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("code_verifier", "a-verifier-that-is-not-the-one-that-was-promised-1234567", "invalid_grant")]
    [InlineData("code_verifier", null, "invalid_request")]
    [InlineData("redirect_uri", "https://app.example.com/other", "invalid_grant")]
    [InlineData("redirect_uri", null, "invalid_request")]
    public async Task T10_A_code_is_worth_nothing_without_its_verifier_and_its_redirect_uri(string name, string? value, string error)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("none");
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!;
        (await client.ExchangeAsync(code, (name, value))).Error.ShouldBe(error);
    }

    [Fact]
    public async Task Threat_23_A_verifier_without_a_challenge_is_refused()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: "\"require_pkce\":false");
        var start = client.Start(("code_challenge", null), ("code_challenge_method", null));
        var code = (await world.OpenBrowser().SignInAsync(start, await world.AddUserAsync())).Parameter("code")!;
        (await client.ExchangeAsync(code)).Error.ShouldBe("invalid_grant");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("S512")]
    [InlineData(null)] // RFC 7636 §4.3 reads that as plain
    public async Task D5_Only_S256_is_taken(string? method)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var answer = await world.OpenBrowser().GetAsync(client.Start(("code_challenge_method", method)));
        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        answer.Parameter("error").ShouldBe("invalid_request");
        answer.Parameter("code").ShouldBeNull();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("client_secret_basic")]
    public async Task A3_A_client_must_send_a_challenge(string method)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(method);
        var answer = await world.OpenBrowser().GetAsync(client.Start(("code_challenge", null), ("code_challenge_method", null)));
        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
        answer.Parameter("error").ShouldBe("invalid_request");
    }

    [Fact]
    public async Task A3_A_client_whose_record_says_so_needs_no_challenge()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: "\"require_pkce\":false");
        var start = client.Start(("code_challenge", null), ("code_challenge_method", null));
        var code = (await world.OpenBrowser().SignInAsync(start, await world.AddUserAsync())).Parameter("code")!;
        (await client.ExchangeAsync(code, ("code_verifier", null))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_code_lives_one_minute()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), email)).Parameter("code")!;
        await world.AdvanceAsync(TimeSpan.FromSeconds(61));
        (await client.ExchangeAsync(code)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task Revoking_the_refresh_token_takes_the_access_token_along()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        (await client.PostAsync("/connect/introspect", new() { ["token"] = tokens.AccessToken! })).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await client.PostAsync("/connect/revoke", new() { ["token"] = tokens.RefreshToken! })).Status.ShouldBe(HttpStatusCode.OK);
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.PostAsync("/connect/introspect", new() { ["token"] = tokens.AccessToken! })).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    private static Task<int> ReplaysAsync(World world) => world.ReadAsync(db =>
        db.AuditEvents.CountAsync(told => told.Name == AuditEvents.TokenReplayed, TestContext.Current.CancellationToken));
}

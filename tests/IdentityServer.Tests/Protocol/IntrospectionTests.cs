using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>RFC 7662 and RFC 7009: who may ask about a token, and who may end one.</summary>
public sealed class IntrospectionTests
{
    [Fact]
    public async Task A_client_learns_what_its_own_token_says()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());

        var seen = await IntrospectAsync(client, tokens.AccessToken!);

        seen.GetProperty("active").GetBoolean().ShouldBeTrue();
        seen.GetProperty("sub").GetString().ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
        seen.GetProperty("client_id").GetString().ShouldBe(client.Id);
        seen.GetProperty("iss").GetString().ShouldBe(world.Server.Address.ToString());
        seen.GetProperty("exp").GetInt64().ShouldBe(world.Clock.GetUtcNow().ToUnixTimeSeconds() + (15 * 60));
        foreach (var claim in new[] { "email", "name", "given_name" })
        {
            seen.TryGetProperty(claim, out _).ShouldBeFalse();
        }

        seen.EnumerateObject().ShouldAllBe(member => !member.Name.StartsWith("oi_"));
        (await IntrospectAsync(client, tokens.RefreshToken!)).GetProperty("active").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Whatever_it_may_not_tell_is_not_active_and_nothing_more()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (owner, stranger) = (await world.AddClientAsync(), await world.AddClientAsync());
        var tokens = await owner.SignInAsync(email);
        var code = (await world.OpenBrowser().SignInAsync(owner.Start(), email)).Parameter("code")!;
        var dead = await owner.SignInAsync(email);
        await owner.PostAsync("/connect/revoke", new() { ["token"] = dead.RefreshToken! });

        foreach (var (asking, token) in new[]
        {
            (stranger, tokens.RefreshToken!), (stranger, tokens.IdToken!), (stranger, code),
            (owner, dead.AccessToken!), (owner, dead.RefreshToken!),
            (owner, "nonsense"), (owner, "e30.e30.e30"), (owner, tokens.AccessToken![..^8] + "AAAAAAAA"), (owner, new string('x', 8000)),
        })
        {
            ShouldTellNothing(await IntrospectAsync(asking, token));
            foreach (var hint in new[] { "access_token", "refresh_token", "nonsense" })
            {
                ShouldTellNothing(await IntrospectAsync(asking, token, hint));
            }
        }

        await world.AdvanceAsync(TimeSpan.FromMinutes(16));
        ShouldTellNothing(await IntrospectAsync(owner, tokens.AccessToken!));
    }

    [Fact]
    public async Task Another_clients_access_token_is_not_active()
    {
        await using var world = await World.StartAsync();
        var (owner, stranger) = (await world.AddClientAsync(), await world.AddClientAsync());
        var tokens = await owner.SignInAsync(await world.AddUserAsync());

        ShouldTellNothing(await IntrospectAsync(stranger, tokens.AccessToken!));
    }

    [Fact]
    public async Task A_public_client_may_not_ask_and_nobody_may_without_a_secret()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var everybody = await world.AddClientAsync("none");
        var tokens = await everybody.SignInAsync(await world.AddUserAsync());

        // Live or dead, the answer is one and the same.
        foreach (var token in new[] { tokens.AccessToken!, tokens.RefreshToken!, "never-was-one" })
        {
            var untold = await everybody.PostAsync("/connect/introspect", new() { ["token"] = token });
            (untold.Status, untold.Error).ShouldBe((HttpStatusCode.Unauthorized, "invalid_client"), token);
        }

        var thief = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), client.Id, "not-the-secret", "client_secret_basic");
        var refused = await thief.PostAsync("/connect/introspect", new() { ["token"] = tokens.AccessToken! });
        refused.Error.ShouldBe("invalid_client");
        refused.Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Another_clients_token_cannot_be_revoked_and_an_unknown_one_is_no_error()
    {
        await using var world = await World.StartAsync();
        var (owner, stranger) = (await world.AddClientAsync(), await world.AddClientAsync());
        var tokens = await owner.SignInAsync(await world.AddUserAsync());

        await stranger.PostAsync("/connect/revoke", new() { ["token"] = tokens.RefreshToken! });
        await stranger.PostAsync("/connect/revoke", new() { ["token"] = tokens.AccessToken! });

        (await owner.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await owner.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
        (await owner.PostAsync("/connect/revoke", new() { ["token"] = "nonsense" })).Status.ShouldBe(HttpStatusCode.OK, "RFC 7009 §2.2");
    }

    [Theory]
    [InlineData("client_secret_basic", "client_secret_post")]
    [InlineData("client_secret_post", "client_secret_basic")]
    public async Task A_secret_works_only_the_way_that_was_registered(string registered, string used)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(registered);
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        var other = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), client.Id, client.Secret, used);

        foreach (var (endpoint, fields) in new (string, Dictionary<string, string>)[]
        {
            ("/connect/token", new() { ["grant_type"] = "refresh_token", ["refresh_token"] = tokens.RefreshToken! }),
            ("/connect/introspect", new() { ["token"] = tokens.AccessToken! }),
            ("/connect/revoke", new() { ["token"] = tokens.RefreshToken! }),
            ("/connect/par", client.Request()),
        })
        {
            (await other.PostAsync(endpoint, fields)).Error.ShouldBe("invalid_client", endpoint);
        }

        (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK, "the refused revocation revoked nothing");
    }

    private static async Task<JsonElement> IntrospectAsync(RelyingParty client, string token, string? hint = null)
    {
        var fields = new Dictionary<string, string> { ["token"] = token };
        if (hint is not null)
        {
            fields["token_type_hint"] = hint;
        }

        var answer = await client.PostAsync("/connect/introspect", fields);
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        return answer.Json;
    }

    private static void ShouldTellNothing(JsonElement seen) => seen.GetRawText().Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).ShouldBe("{\"active\":false}");
}

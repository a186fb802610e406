using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.SignIn;

public sealed class WholeSignInTests
{
    [Theory]
    [InlineData(false, "client_secret_basic")]
    [InlineData(false, "client_secret_post")]
    [InlineData(false, "none")]
    [InlineData(true, "client_secret_basic")]
    public async Task A_person_gives_password_and_code_and_the_client_gets_its_tokens(bool postgreSql, string method)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync(method);
        var browser = world.OpenBrowser();

        var back = await browser.SignInAsync(client.Start(), email);
        back.Location!.ToString().ShouldStartWith(RelyingParty.RedirectUri);
        back.Parameter("state").ShouldBe(client.Request()["state"]);
        back.Parameter("iss").ShouldBe(world.Server.Address.ToString());

        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        tokens.Status.ShouldBe(HttpStatusCode.OK, tokens.Json.ToString());
        var claims = tokens.IdTokenClaims;
        claims.GetProperty("amr").EnumerateArray().Select(value => value.GetString()).ShouldBe(["pwd", "otp"]);
        claims.GetProperty("acr").GetString().ShouldBe("urn:identityserver:acr:pwd-emailotp");
        claims.GetProperty("auth_time").GetInt64().ShouldBe(world.Clock.GetUtcNow().ToUnixTimeSeconds());
        claims.GetProperty("nonce").GetString().ShouldBe("nonce-1");
        claims.GetProperty("sid").GetString().ShouldNotBeNullOrEmpty();
        claims.EnumerateObject().Select(claim => claim.Name).ShouldNotContain(name => name.StartsWith("oi_", StringComparison.Ordinal));

        var user = await client.UserInfoAsync(tokens.AccessToken!);
        user.Status.ShouldBe(HttpStatusCode.OK, user.Json.ToString());
        user.Json.GetProperty("email").GetString().ShouldBe(email);
        user.Json.GetProperty("name").GetString().ShouldBe("Ada Lovelace");
        user.Json.GetProperty("sub").GetString().ShouldBe(claims.GetProperty("sub").GetString());

        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);
        refreshed.Status.ShouldBe(HttpStatusCode.OK, refreshed.Json.ToString());
        refreshed.RefreshToken.ShouldNotBe(tokens.RefreshToken);
        refreshed.IdTokenClaims.GetProperty("auth_time").GetInt64().ShouldBe(claims.GetProperty("auth_time").GetInt64());
    }
}

using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>Threat 25: a token is what we signed, for what we signed it.</summary>
public sealed class TokenConfusionTests
{
    [Fact]
    public async Task Threat_25_Forged_tokens_and_tokens_of_another_kind_are_no_access_tokens()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        var jwks = (await world.OpenBrowser().GetAsync("/.well-known/jwks")).Body;

        foreach (var forged in new[]
        {
            Forgeries.None(tokens.AccessToken!),
            Forgeries.Hmac(tokens.AccessToken!, Encoding.UTF8.GetBytes(jwks)),
            Forgeries.WithHeader(tokens.AccessToken!, "\"jku\":\"https://evil.example/jwks\""),
            tokens.AccessToken![..^4] + "AAAA",
            tokens.IdToken!,
            tokens.RefreshToken!,
        })
        {
            (await client.UserInfoAsync(forged)).Status.ShouldBe(HttpStatusCode.Unauthorized);
            var seen = await client.PostAsync("/connect/introspect", new() { ["token"] = forged });
            if (forged != tokens.RefreshToken && forged != tokens.IdToken)
            {
                seen.Json.GetProperty("active").GetBoolean().ShouldBeFalse();
            }
        }

        (await client.RefreshAsync(tokens.AccessToken!)).Error.ShouldBe("invalid_grant");
        (await client.ExchangeAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await client.ExchangeAsync(tokens.IdToken!)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task Access_tokens_are_signed_JWTs_that_third_parties_can_read()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        var header = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(tokens.AccessToken!.Split('.')[0]));
        header.ShouldContain("at+jwt");
        var claims = TokenAnswer.Claims(tokens.AccessToken);
        claims.GetProperty("iss").GetString().ShouldBe(world.Server.Address.ToString());
        claims.GetProperty("aud").GetString().ShouldBe(world.Server.Address.ToString());
        claims.GetProperty("client_id").GetString().ShouldBe(client.Id);
        claims.TryGetProperty("email", out _).ShouldBeFalse();
    }
}

/// <summary>Tokens that attackers make.</summary>
internal static class Forgeries
{
    public static string None(string jwt) => $"{Encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}")}.{jwt.Split('.')[1]}.";

    public static string Hmac(string jwt, byte[] key)
    {
        var body = $"{Encode("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}")}.{jwt.Split('.')[1]}";
        return $"{body}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(body)))}";
    }

    public static string WithHeader(string jwt, string member)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var body = $"{Encode($"{{\"alg\":\"ES256\",\"typ\":\"at+jwt\",{member}}}")}.{jwt.Split('.')[1]}";
        return $"{body}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256))}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}

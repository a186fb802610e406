using System.Security.Cryptography;
using IdentityServer.Trials;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Tests.Trials;

/// <summary>The sum of what a client must check, each item left out once.</summary>
public sealed class TokenChecksTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _published = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public async Task A_token_of_this_server_for_this_application_and_request_passes()
    {
        var sheet = await ReadAsync(Token());

        sheet.Algorithm.ShouldBe("ES256");
        sheet.Claims.ShouldContain(claim => claim.Name == "sub" && claim.Value == "somebody");
    }

    [Theory]
    [InlineData("iss", "https://other.example/")]
    [InlineData("aud", "another-application")]
    [InlineData("nonce", "another-request")]
    [InlineData("nonce", null)]
    public async Task A_token_with_another_claim_is_refused(string claim, string? value)
    {
        var token = Token(change: claims =>
        {
            claims.Remove(claim);
            if (value is not null)
            {
                claims[claim] = value;
            }
        });

        await Should.ThrowAsync<SecurityTokenException>(ReadAsync(token));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task A_token_is_good_until_it_expires_and_not_a_second_longer(int secondsLeft, bool good)
    {
        var token = Token(change: claims => claims["exp"] = Now.AddSeconds(secondsLeft).ToUnixTimeSeconds());

        if (good)
        {
            await ReadAsync(token);
        }
        else
        {
            await Should.ThrowAsync<SecurityTokenException>(ReadAsync(token));
        }
    }

    [Fact]
    public async Task A_token_signed_by_a_key_that_is_not_published_is_refused() =>
        await Should.ThrowAsync<SecurityTokenException>(ReadAsync(Token(_other)));

    [Fact]
    public async Task A_token_that_nobody_signed_is_refused()
    {
        var parts = Token().Split('.');
        var unsigned = $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{parts[1]}.";

        await Should.ThrowAsync<SecurityTokenException>(ReadAsync(unsigned));
    }

    [Fact]
    public async Task A_token_signed_with_what_everybody_knows_is_refused()
    {
        // The old confusion: the published key, taken as an HMAC secret.
        var known = new SymmetricSecurityKey(_published.ExportSubjectPublicKeyInfo());
        var forged = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Claims = Claims(),
            SigningCredentials = new(known, SecurityAlgorithms.HmacSha256),
        });

        await Should.ThrowAsync<SecurityTokenException>(new TokenChecks("https://id.example/", "try-it", [known], Now).ReadIdTokenAsync(forged, "ours"));
    }

    public void Dispose()
    {
        _published.Dispose();
        _other.Dispose();
    }

    private Task<TokenSheet> ReadAsync(string token) =>
        new TokenChecks("https://id.example/", "try-it", [new ECDsaSecurityKey(_published) { KeyId = "one" }], Now).ReadIdTokenAsync(token, "ours");

    private string Token(ECDsa? key = null, Action<Dictionary<string, object>>? change = null)
    {
        var claims = Claims();
        change?.Invoke(claims);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new(new ECDsaSecurityKey(key ?? _published) { KeyId = "one" }, SecurityAlgorithms.EcdsaSha256),
        });
    }

    private static Dictionary<string, object> Claims() => new()
    {
        ["iss"] = "https://id.example/",
        ["aud"] = "try-it",
        ["sub"] = "somebody",
        ["nonce"] = "ours",
        ["iat"] = Now.ToUnixTimeSeconds(),
        ["exp"] = Now.AddMinutes(15).ToUnixTimeSeconds(),
    };
}

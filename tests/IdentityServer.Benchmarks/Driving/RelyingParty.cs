using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Benchmarks.Server;
using IdentityServer.TestSupport;

namespace IdentityServer.Benchmarks.Driving;

/// <summary>What a client was given for an account.</summary>
internal sealed record Grant(Cookies Cookies, string AccessToken, string RefreshToken);

/// <summary>The client application and the people who sign in to it.</summary>
internal sealed class RelyingParty(Http http, SmtpListener mail)
{
    private static readonly string Verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static readonly string AuthorizationRequest =
        $"/connect/authorize?client_id={Installation.ClientId}&redirect_uri={Uri.EscapeDataString(Installation.RedirectUri)}&response_type=code"
        + "&scope=openid%20profile%20email%20offline_access&state=5ca75bd30d6e4b1b&nonce=0394852f3c4b4b0d"
        + $"&code_challenge={Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)))}&code_challenge_method=S256";

    /// <summary>The whole of it, in a browser that was never here: from the authorization request to the tokens, mail included.</summary>
    public async Task<Grant> SignInAsync(string address)
    {
        var cookies = new Cookies();
        var signIn = (await http.GetAsync((await http.GetAsync(AuthorizationRequest, cookies)).Location!, cookies)).Location!;
        var passwordPage = await http.GetAsync(signIn, cookies);
        var codeUrl = (await http.PostAsync(
            signIn,
            cookies,
            $"Email={Uri.EscapeDataString(address)}&Password={Installation.Password}&antiforgery={passwordPage.Antiforgery()}")).Location!;
        var codePage = await http.GetAsync(codeUrl, cookies);
        var code = (await mail.TakeAsync(address, CancellationToken.None)).Code;
        var back = (await http.PostAsync(codeUrl, cookies, $"Digits={code}&antiforgery={codePage.Antiforgery()}")).Location!;
        return await ExchangeAsync((await http.GetAsync(back, cookies)).Parameter("code"), cookies);
    }

    /// <summary>An authorization code for somebody who has signed in already.</summary>
    public async Task<string> AuthorizeAsync(Cookies cookies) =>
        (await http.GetAsync((await http.GetAsync(AuthorizationRequest, cookies)).Location!, cookies)).Parameter("code");

    /// <summary>Trades an authorization code for tokens.</summary>
    public async Task<Grant> ExchangeAsync(string code, Cookies cookies)
    {
        var answer = await http.PostAsClientAsync(
            "/connect/token",
            $"grant_type=authorization_code&code={code}&redirect_uri={Uri.EscapeDataString(Installation.RedirectUri)}&code_verifier={Verifier}");
        return new(cookies, answer.Member("access_token"), answer.Member("refresh_token"));
    }

    /// <summary>Trades a refresh token for new tokens.</summary>
    public async Task<Grant> RefreshAsync(Grant grant)
    {
        var answer = await http.PostAsClientAsync("/connect/token", $"grant_type=refresh_token&refresh_token={grant.RefreshToken}");
        return grant with { AccessToken = answer.Member("access_token"), RefreshToken = answer.Member("refresh_token") };
    }

    public async Task UserInfoAsync(Grant grant)
    {
        var answer = await http.GetAsync("/connect/userinfo", grant.AccessToken);
        if (!answer.Body.Contains("@example.com", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"There is no address in {answer.Body}");
        }
    }

    public async Task IntrospectAsync(Grant grant)
    {
        var answer = await http.PostAsClientAsync("/connect/introspect", $"token={grant.AccessToken}");
        if (answer.Member("active") != bool.TrueString)
        {
            throw new InvalidOperationException($"The token is not active: {answer.Body}");
        }
    }

    public Task DiscoverAsync() => http.GetAsync("/.well-known/openid-configuration");
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Benchmarks.Server;
using IdentityServer.TestSupport;

namespace IdentityServer.Benchmarks.Driving;

/// <summary>What a client was given for an account.</summary>
internal sealed record Grant(Cookies Cookies, string AccessToken, string RefreshToken);

/// <summary>A sign-in on its way: whose, and what the last step led to.</summary>
internal sealed class Walk(string address)
{
    public string Address { get; } = address;

    public Cookies Cookies { get; } = new();

    public string Url { get; set; } = "";

    public string Antiforgery { get; set; } = "";

    public string Code { get; set; } = "";

    public Grant? Grant { get; set; }
}

/// <summary>The client application and the people who sign in to it.</summary>
internal sealed class RelyingParty(Http http, SmtpListener mail)
{
    private static readonly string Verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static readonly string AuthorizationRequest =
        $"/connect/authorize?client_id={Installation.ClientId}&redirect_uri={Uri.EscapeDataString(Installation.RedirectUri)}&response_type=code"
        + "&scope=openid%20profile%20email%20offline_access&state=5ca75bd30d6e4b1b&nonce=0394852f3c4b4b0d"
        + $"&code_challenge={Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)))}&code_challenge_method=S256";

    /// <summary>What a sign-in is made of, in order, so that each part can be measured by itself.</summary>
    public IReadOnlyList<(string Name, Func<Walk, Task> TakeAsync)> Steps { get; } =
    [
        ("authorization request", async walk => walk.Url = (await http.GetAsync(AuthorizationRequest, walk.Cookies)).Location!),
        ("authorization request, stored", async walk => walk.Url = (await http.GetAsync(walk.Url, walk.Cookies)).Location!),
        ("sign-in page", async walk => walk.Antiforgery = (await http.GetAsync(walk.Url, walk.Cookies)).Antiforgery()),
        ("password, challenge and mail", async walk =>
        {
            var form = $"Email={Uri.EscapeDataString(walk.Address)}&Password={Installation.Password}&antiforgery={walk.Antiforgery}";
            walk.Url = (await http.PostAsync(walk.Url, walk.Cookies, form)).Location!;
            walk.Code = (await mail.TakeAsync(walk.Address, CancellationToken.None)).Code;
        }),
        ("code page", async walk => walk.Antiforgery = (await http.GetAsync(walk.Url, walk.Cookies)).Antiforgery()),
        ("code", async walk =>
            walk.Url = (await http.PostAsync(walk.Url, walk.Cookies, $"Digits={walk.Code}&antiforgery={walk.Antiforgery}")).Location!),
        ("authorization code", async walk => walk.Code = (await http.GetAsync(walk.Url, walk.Cookies)).Parameter("code")),
        ("tokens", async walk => walk.Grant = await ExchangeAsync(http, walk.Code, walk.Cookies)),
    ];

    /// <summary>The whole of it, in a browser that was never here: from the authorization request to the tokens, mail included.</summary>
    public async Task<Grant> SignInAsync(string address)
    {
        var walk = new Walk(address);
        foreach (var (_, takeAsync) in Steps)
        {
            await takeAsync(walk);
        }

        return walk.Grant!;
    }

    /// <summary>An authorization code for somebody who has signed in already.</summary>
    public async Task<string> AuthorizeAsync(Cookies cookies) =>
        (await http.GetAsync((await http.GetAsync(AuthorizationRequest, cookies)).Location!, cookies)).Parameter("code");

    /// <summary>Trades an authorization code for tokens.</summary>
    public Task<Grant> ExchangeAsync(string code, Cookies cookies) => ExchangeAsync(http, code, cookies);

    private static async Task<Grant> ExchangeAsync(Http http, string code, Cookies cookies)
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

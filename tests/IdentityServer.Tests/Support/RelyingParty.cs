using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IdentityServer.Tests.Support;

/// <summary>What the token endpoint answered.</summary>
internal sealed record TokenAnswer(HttpStatusCode Status, JsonElement Json)
{
    public string? Error => Text("error");

    public string? AccessToken => Text("access_token");

    public string? RefreshToken => Text("refresh_token");

    public string? IdToken => Text("id_token");

    public JsonElement IdTokenClaims => Claims(IdToken!);

    public static JsonElement Claims(string jwt) => JsonDocument.Parse(Base64Url.DecodeFromChars(jwt.Split('.')[1])).RootElement;

    private string? Text(string name) => Json.TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>A client application: builds requests, takes codes, trades them for tokens.</summary>
/// <param name="http">Speaks to the server, without cookies.</param>
/// <param name="openBrowser">Opens a browser for a person who was never here.</param>
/// <param name="id">The <c>client_id</c>.</param>
/// <param name="secret">Null for a public client.</param>
/// <param name="method">The registered <c>token_endpoint_auth_method</c>.</param>
internal sealed class RelyingParty(HttpClient http, Func<Browser> openBrowser, string id, string? secret, string method)
{
    public const string RedirectUri = "https://app.example.com/callback";

    public string Id => id;

    public string? Secret => secret;

    /// <summary>The PKCE verifier of this client's requests: one is enough for a test.</summary>
    public string Verifier { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>The parameters of an authorization request.</summary>
    public Dictionary<string, string> Request(params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var parameters = new Dictionary<string, string>
        {
            ["client_id"] = id,
            ["redirect_uri"] = RedirectUri,
            ["response_type"] = "code",
            ["scope"] = "openid profile email offline_access",
            ["state"] = "state-" + new string('s', 140),
            ["nonce"] = "nonce-1",
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                parameters.Remove(name);
            }
            else
            {
                parameters[name] = value;
            }
        }

        return parameters;
    }

    /// <summary>The address that starts a sign-in.</summary>
    public string Start(params ReadOnlySpan<(string Name, string? Value)> changes) =>
        "/connect/authorize?" + string.Join('&', Request(changes).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));

    /// <summary>Trades a code.</summary>
    public Task<TokenAnswer> ExchangeAsync(string code, params (string Name, string? Value)[] changes) => TokenAsync(Changed(
        new() { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = RedirectUri, ["code_verifier"] = Verifier }, changes));

    /// <summary>Trades a refresh token.</summary>
    public Task<TokenAnswer> RefreshAsync(string refreshToken) =>
        TokenAsync(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken });

    /// <summary>A whole sign-in of a new browser, up to the tokens.</summary>
    public async Task<TokenAnswer> SignInAsync(string email)
    {
        var back = await openBrowser().SignInAsync(Start(), email);
        back.Parameter("code").ShouldNotBeNull(back.Body);
        return await ExchangeAsync(back.Parameter("code")!);
    }

    /// <summary>Posts to a protocol endpoint, authenticated as this client.</summary>
    public async Task<TokenAnswer> PostAsync(string endpoint, Dictionary<string, string> fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        if (method == "client_secret_basic")
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        }
        else
        {
            fields["client_id"] = id;
            if (secret is not null)
            {
                fields["client_secret"] = secret;
            }
        }

        request.Content = new FormUrlEncodedContent(fields);
        return await ReadAsync(await http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public Task<TokenAnswer> TokenAsync(Dictionary<string, string> fields) => PostAsync("/connect/token", fields);

    /// <summary>Asks userinfo.</summary>
    public async Task<TokenAnswer> UserInfoAsync(string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return await ReadAsync(await http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    private static async Task<TokenAnswer> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new(response.StatusCode, JsonDocument.Parse(response.Content.Headers.ContentType?.MediaType == "application/json" ? body : "{}").RootElement);
    }

    private static Dictionary<string, string> Changed(Dictionary<string, string> fields, (string Name, string? Value)[] changes)
    {
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                fields.Remove(name);
            }
            else
            {
                fields[name] = value;
            }
        }

        return fields;
    }
}

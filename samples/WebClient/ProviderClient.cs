using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace WebClient;

/// <summary>The two calls that Microsoft's handler leaves to the application: refreshing the tokens and asking userinfo again.</summary>
internal sealed class ProviderClient(HttpClient http, IOptionsMonitor<OpenIdConnectOptions> options)
{
    private OpenIdConnectOptions Options => options.Get(OpenIdConnectDefaults.AuthenticationScheme);

    /// <summary>
    /// Trades the refresh token for new tokens (RFC 6749 §6). The provider rotates: the old refresh token is dead from here on, and
    /// showing it again ends the whole sign-in. An application that refreshes by itself must therefore do so one request at a time.
    /// </summary>
    public async Task<RefreshResult> RefreshAsync(string refreshToken, string? oldIdToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, (await DiscoverAsync(ct)).TokenEndpoint);
        var form = new Dictionary<string, string?>
        {
            ["grant_type"] = OpenIdConnectGrantTypes.RefreshToken,
            ["refresh_token"] = refreshToken,
            ["client_id"] = Options.ClientId,
        };
        if (Options.ClientSecret is { } secret)
        {
            form["client_secret"] = secret; // else the HTTP client sends it in the header
        }

        request.Content = new FormUrlEncodedContent(form);

        using var response = await http.SendAsync(request, ct);
        var message = new OpenIdConnectMessage(await response.Content.ReadAsStringAsync(ct));
        if (!response.IsSuccessStatusCode)
        {
            return new RefreshResult.Refused(message.Error ?? response.StatusCode.ToString(), message.ErrorDescription);
        }

        // A refreshed id_token speaks for the same person at the same provider, or it is not ours (OpenID Connect Core §12.2).
        if (message.IdToken is not null && oldIdToken is not null && !SameSubject(message.IdToken, oldIdToken))
        {
            return new RefreshResult.Refused("invalid_id_token", "The new id_token is about someone else.");
        }

        return new RefreshResult.Refreshed(message);
    }

    /// <summary>What the userinfo endpoint says about the person whom the access token speaks for.</summary>
    /// <returns>The answer as indented JSON, or the refusal in words.</returns>
    public async Task<string> GetUserInfoAsync(string accessToken, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, (await DiscoverAsync(ct)).UserInfoEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);

        using var response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
        {
            return $"The provider refused: {(int)response.StatusCode} {response.Headers.WwwAuthenticate}";
        }

        using var claims = JsonDocument.Parse(await response.Content.ReadAsStreamAsync(ct));
        return JsonSerializer.Serialize(claims, Indented);
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static bool SameSubject(string newToken, string oldToken)
    {
        JsonWebToken fresh = new(newToken), old = new(oldToken);
        return fresh.Issuer == old.Issuer && fresh.Subject == old.Subject;
    }

    private Task<OpenIdConnectConfiguration> DiscoverAsync(CancellationToken ct) => Options.ConfigurationManager!.GetConfigurationAsync(ct);
}

/// <summary>What came of a refresh.</summary>
internal abstract record RefreshResult
{
    private RefreshResult()
    {
    }

    /// <summary>New tokens.</summary>
    internal sealed record Refreshed(OpenIdConnectMessage Tokens) : RefreshResult;

    /// <summary>No tokens: the provider's error code and its words.</summary>
    internal sealed record Refused(string Error, string? Description) : RefreshResult;
}

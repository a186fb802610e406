using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using IdentityServer.Settings;
using IdentityServer.Trials;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Home.TryIt;

/// <summary>
/// The client's side of a sign-in, as any application's library does it: over HTTP, by what discovery says, believing nothing that it
/// has not checked. That the server it calls is the one it runs in gives it no other way in.
/// </summary>
internal sealed class TryItClient(HttpClient http, Installation installation, TimeProvider clock)
{
    private static readonly JsonSerializerOptions Names = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Where answers go; registered for the client.</summary>
    public Uri RedirectUri => new(installation.Issuer, TryItAttempt.CallbackPath);

    /// <summary>Trades the answer for tokens and checks them.</summary>
    /// <param name="answer">The answer, whose <c>state</c> was found to be the attempt's.</param>
    /// <param name="attempt">The attempt that it answers.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<TryItOutcome> FinishAsync(AuthorizationAnswer answer, TryItAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            var metadata = await GetAsync<ProviderMetadata>(new Uri(Here, "/.well-known/openid-configuration"), cancellationToken);

            // An answer of another server must not be traded here, nor the other way round (RFC 9207 §2.4).
            if (answer.Issuer != metadata.Issuer)
            {
                return new TryItOutcome.Stopped("The answer does not come from this server, so the application stopped there.", $"iss: {answer.Issuer}");
            }

            return answer switch
            {
                { Error: "access_denied" } => new TryItOutcome.Stopped("You said no, and the application got nothing.", Describe(answer.Error, answer.ErrorDescription)),
                { Error: { Length: > 0 } error } => new TryItOutcome.Stopped("The server refused the request.", Describe(error, answer.ErrorDescription)),
                { Code: { Length: > 0 } code } => await TradeAsync(metadata, code, attempt, cancellationToken),
                _ => new TryItOutcome.Stopped("The answer holds neither a code nor an error.", null),
            };
        }
        catch (HttpRequestException problem)
        {
            return new TryItOutcome.Stopped($"The application could not talk to the server at {Here}.", problem.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TryItOutcome.Stopped($"The server at {Here} took too long to answer.", null);
        }
        catch (Exception problem) when (problem is JsonException or FormatException or SecurityTokenException or ArgumentException)
        {
            return new TryItOutcome.Stopped("The tokens did not pass the application's checks.", problem.Message);
        }
    }

    private Uri Here => installation.ListeningAddress ?? installation.Issuer;

    private async Task<TryItOutcome> TradeAsync(ProviderMetadata metadata, string code, TryItAttempt attempt, CancellationToken cancellationToken)
    {
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = TryItAttempt.ClientId,
            ["code"] = code,
            ["redirect_uri"] = RedirectUri.AbsoluteUri,
            ["code_verifier"] = attempt.Verifier,
        });
        using var response = await http.PostAsync(metadata.TokenEndpoint, fields, cancellationToken);
        var tokens = await response.Content.ReadFromJsonAsync<TokenResponse>(Names, cancellationToken);
        if (tokens is not { IdToken: { } idToken, AccessToken: { } accessToken, ExpiresIn: { } seconds })
        {
            return new TryItOutcome.Stopped("The server did not trade the code for tokens.", Describe(tokens?.Error, tokens?.ErrorDescription));
        }

        var keys = new JsonWebKeySet(await http.GetStringAsync(metadata.JwksUri, cancellationToken));
        var checks = new TokenChecks(metadata.Issuer, TryItAttempt.ClientId, keys.GetSigningKeys(), clock.GetUtcNow());
        var identity = await checks.ReadIdTokenAsync(idToken, attempt.Nonce);
        var user = await UserInfoAsync(metadata, accessToken, cancellationToken);

        // The answer for somebody else's token must not be taken for this person's (OpenID Connect Core §5.3.2).
        return SubjectOf(user) == identity.Subject
            ? new TryItOutcome.Complete(identity, TokenSheet.Open(accessToken), ClaimLine.Read(user), clock.GetUtcNow().AddSeconds(seconds))
            : new TryItOutcome.Stopped("Userinfo speaks of somebody else than the id_token.", null);
    }

    private async Task<JsonElement> UserInfoAsync(ProviderMetadata metadata, string accessToken, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, metadata.UserinfoEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    private async Task<T> GetAsync<T>(Uri address, CancellationToken cancellationToken) =>
        await http.GetFromJsonAsync<T>(address, Names, cancellationToken) ?? throw new JsonException($"{address} answered nothing.");

    private static string SubjectOf(JsonElement user) =>
        user.TryGetProperty("sub", out var subject) && subject.GetString() is { } text ? text : throw new JsonException("sub is missing.");

    private static string? Describe(string? error, string? description) =>
        string.IsNullOrEmpty(error) ? null : string.IsNullOrEmpty(description) ? error : $"{error}: {description}";

    /// <summary>What the client needs of OpenID Connect Discovery 1.0 §3.</summary>
    private sealed record ProviderMetadata(string Issuer, Uri TokenEndpoint, Uri UserinfoEndpoint, Uri JwksUri);

    /// <summary>RFC 6749 §5.1 and §5.2.</summary>
    private sealed record TokenResponse(string? IdToken, string? AccessToken, int? ExpiresIn, string? Error, string? ErrorDescription)
    {
        public override string ToString() => $"{nameof(TokenResponse)} {{ Error = {Error} }}";
    }
}

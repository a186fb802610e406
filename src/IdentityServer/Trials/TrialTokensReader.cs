using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Settings;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Trials;

/// <summary>
/// Takes a token response as a client should: fetches the published keys, checks what it was given before it believes a word, and then asks
/// who signed in.
/// </summary>
internal sealed class TrialTokensReader(TrialHttp http, Installation installation, TimeProvider clock)
{
    private const string KeysPath = "/.well-known/jwks";
    private const string UserInfoPath = "/connect/userinfo";

    /// <summary>Goes on from a token response. What it cannot go on from is told in the state.</summary>
    /// <param name="state">The run so far, the response not included.</param>
    /// <param name="client">The client.</param>
    /// <param name="response">The token endpoint's answer.</param>
    /// <param name="expected">What the id_token must fit.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<TrialState> ReadAsync(
        TrialState state, ClientSettings client, TrialExchange response, TokenExpectations expected, CancellationToken cancellationToken)
    {
        if (!response.Succeeded || response.Text("access_token") is not { } access)
        {
            return Failed(state, response.Succeeded ? response with { Error = TrialErrors.Unreadable } : response);
        }

        var tokens = new TrialTokens(access, response.Text("refresh_token") ?? state.Tokens?.RefreshToken, response.Text("id_token") ?? state.Tokens?.IdToken);
        state = state.With(response) with { Tokens = tokens, Step = TrialStep.Done };
        var keys = await http.SendAsync(new("keys", KeysPath), cancellationToken);
        var checks = new TokenChecks(Issuer, client.ClientId, KeysOf(keys), clock.GetUtcNow(), client.IdTokenSigningAlgorithm);
        state = state.With(keys) with { AccessTokenSignature = await AccessSignatureAsync(access, KeysOf(keys)) };
        if (response.Text("id_token") is not { } idToken)
        {
            return state;
        }

        if (!TokenSheet.TryOpen(idToken, out var sheet))
        {
            return Failed(state, response with { Error = TrialErrors.Unreadable });
        }

        var found = await checks.InspectIdTokenAsync(idToken, expected with { AccessToken = access });
        var user = await http.SendAsync(new("userinfo", UserInfoPath, Authorization: $"Bearer {access}"), cancellationToken);

        // The answer for somebody else's token must not be taken for this person's (OpenID Connect Core §5.3.2).
        var same = new TokenCheck("userinfo-subject", user.Succeeded && SubjectOf(user) == sheet.Subject);
        return state.With(user) with { Checks = [.. state.Checks, .. found, same] };
    }

    private string Issuer => installation.Issuer.AbsoluteUri;

    // An access token may have another signature than the client's id_tokens: APIs read it, and each of our keys does.
    private async Task<TokenCheck?> AccessSignatureAsync(string access, IEnumerable<SecurityKey> keys) => TokenSheet.TryOpen(access, out var sheet)
        ? await new TokenChecks(Issuer, "", keys, clock.GetUtcNow()).SignatureAsync(sheet)
        : null;

    private static TrialState Failed(TrialState state, TrialExchange response) =>
        state.With(response) with { Step = state.Tokens is null ? TrialStep.Failed : TrialStep.Done };

    private static IList<SecurityKey> KeysOf(TrialExchange answer)
    {
        try
        {
            return answer.Succeeded ? new JsonWebKeySet(answer.Body).GetSigningKeys() : [];
        }
        catch (Exception broken) when (broken is ArgumentException or JsonException)
        {
            return [];
        }
    }

    // Signed, where the client registered that (OpenID Connect Core §5.3.2).
    private static string? SubjectOf(TrialExchange user) => user.Text("sub") ?? (TokenSheet.TryOpen(user.Body, out var signed) ? signed.Subject : null);
}

using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Sessions;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Settings;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Protocol.LogoutNotifications;

/// <summary>
/// Makes logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4), and nothing else: it is the one place past OpenIddict's pipeline, and
/// its guards, that signs a token, so what it signs must be of use for nothing but ending a session. Its <c>typ</c> is fixed, which keeps
/// it from passing for an id_token or an access token; it says what ended, and grants nothing.
/// </summary>
internal sealed class LogoutTokens(SigningKeyRing keys, Installation installation, TimeProvider clock)
{
    private const string TokenType = "logout+jwt";
    private const string LogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

    private static readonly JsonElement _events =
        JsonSerializer.SerializeToElement(new Dictionary<string, object> { [LogoutEvent] = new Dictionary<string, object>() });

    private static readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>The token that tells a client of the end of a session. There is never a <c>nonce</c> in it: §2.4 forbids one.</summary>
    /// <param name="client">Whom it is for; its <c>id_token_signed_response_alg</c> signs.</param>
    /// <param name="subject">The person, as this client knows them.</param>
    /// <param name="sessionId">The session that has ended.</param>
    /// <param name="notice">Names the notice: the same for each attempt, so that the client takes it in once.</param>
    public string Make(ClientSettings client, string subject, Guid sessionId, Guid notice)
    {
        var now = clock.GetUtcNow();
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = TokenType,
            Issuer = installation.Issuer.AbsoluteUri,
            Audience = client.ClientId,
            IssuedAt = now.UtcDateTime,
            Expires = (now + LogoutNotification.TokenLifetime).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [Claims.JwtId] = notice.ToString("N"),
                [Claims.Subject] = subject,
                [SubjectPrincipal.SessionId] = sessionId.ToString("N"),
                ["events"] = _events,
            },
            SigningCredentials = keys.For(client.IdTokenSigningAlgorithm),
        });
    }
}

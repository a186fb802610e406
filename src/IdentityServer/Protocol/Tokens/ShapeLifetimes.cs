using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// How long tokens live. A refresh token ends when nobody uses it for a while, and all of a sign-in end together, at the client's own time and
/// never after the sign-in's (RFC 9700 §4.14.2).
/// </summary>
internal sealed class ShapeLifetimes(ClientCache clients, TimeProvider clock) : IOpenIddictServerHandler<ProcessSignInContext>
{
    /// <summary>When the client was given its first tokens of this sign-in, in Unix seconds. Ours alone: in codes and refresh tokens, never in others.</summary>
    private const string GrantedAt = "granted_at";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseSingletonHandler<ShapeLifetimes>()
            .SetOrder(AttachAuthorization.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Principal is not { } principal || !principal.HasClaim(Claims.Subject))
        {
            return; // a request is being stored
        }

        var client = await clients.FindSettingsAsync(context.ClientId!, context.CancellationToken)
            ?? throw new InvalidOperationException("The client was validated and must exist.");
        principal.SetAccessTokenLifetime(client.AccessTokenLifetime);
        var now = clock.GetUtcNow();
        if (context.EndpointType is OpenIddictServerEndpointType.Authorization)
        {
            principal.SetClaim(GrantedAt, now.ToUnixTimeSeconds());
        }

        if (Moment(principal.GetClaim(Claims.AuthenticationTime)) is not { } signedIn)
        {
            return; // a client that acts for itself gets no refresh token
        }

        var byClient = (Moment(principal.GetClaim(GrantedAt)) ?? signedIn) + client.RefreshTokenLifetime;
        var bySignIn = signedIn + TokenLifetimes.RefreshToken;
        var left = (byClient < bySignIn ? byClient : bySignIn) - now;
        if (left <= TimeSpan.Zero && context.Request.IsRefreshTokenGrantType())
        {
            context.Reject(Errors.InvalidGrant, "The refresh tokens of this sign-in have come to their end. Sign in again.");
            return;
        }

        principal.SetRefreshTokenLifetime(left < client.RefreshTokenIdleLifetime ? left : client.RefreshTokenIdleLifetime);
    }

    private static DateTimeOffset? Moment(string? seconds) =>
        long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? DateTimeOffset.FromUnixTimeSeconds(value) : null;
}

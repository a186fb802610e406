using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Finds an access token's row by its <c>jti</c> (RFC 9068 §2.2): the token carries no claim of OpenIddict's own that would name it. From
/// the row come the authorization and with it whether the token was revoked, so a token without a <c>jti</c> is none.
/// </summary>
internal sealed class ReadTokenId : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseSingletonHandler<ReadTokenId>()
            .SetOrder(Protection.RestoreTokenEntryProperties.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Principal is not { } principal || !principal.HasTokenType(TokenTypeIdentifiers.AccessToken))
        {
            return ValueTask.CompletedTask;
        }

        if (principal.GetClaim(Claims.JwtId) is { Length: > 0 } id)
        {
            principal.SetTokenId(id);
        }
        else
        {
            context.Reject(Errors.InvalidToken, "The access token names no row.");
        }

        return ValueTask.CompletedTask;
    }
}

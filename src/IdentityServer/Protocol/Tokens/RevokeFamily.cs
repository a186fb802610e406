using IdentityServer.Storage.Operations;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>Revoking a refresh token takes the access tokens of the same grant along (RFC 7009 §2.1).</summary>
internal sealed class RevokeFamily(TokenOperations tokens) : IOpenIddictServerHandler<HandleRevocationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleRevocationRequestContext>()
            .UseScopedHandler<RevokeFamily>()
            .SetOrder(Revocation.RevokeToken.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleRevocationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.GenericTokenPrincipal is { } principal && principal.HasTokenType(TokenTypeIdentifiers.RefreshToken)
            && principal.GetAuthorizationId() is { Length: > 0 } family)
        {
            await tokens.RevokeFamilyAsync(family, context.CancellationToken);
        }
    }
}

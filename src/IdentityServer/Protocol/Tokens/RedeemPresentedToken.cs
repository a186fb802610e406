using System.Security.Claims;
using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Redeems the code, refresh token or stored request that was presented, by an update that only one of any number of racing requests can
/// win. The losers present a token that is used already: that is replay, and the family dies (RFC 9700 §4.14.2). It stands in for
/// OpenIddict's own handler, which ignores a lost race for refresh tokens.
/// </summary>
internal sealed class RedeemPresentedToken(TokenOperations tokens, AuditTrail audit, IdentityServerDbContext db, TimeProvider clock)
    : IOpenIddictServerHandler<ProcessSignInContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseScopedHandler<RedeemPresentedToken>()
            .SetOrder(RedeemTokenEntry.Descriptor.Order)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Presented(context) is not { } presented || presented.GetTokenId() is not { Length: > 0 } id
            || await tokens.TryRedeemAsync(id, clock.GetUtcNow(), context.CancellationToken))
        {
            return;
        }

        if (presented.GetAuthorizationId() is { Length: > 0 } family)
        {
            await tokens.RevokeFamilyAsync(family, context.CancellationToken);
            audit.Add(AuditEvents.TokenReplayed, new(ClientId: context.ClientId));
            await db.SaveChangesAsync(context.CancellationToken);
        }

        context.Reject(
            context.EndpointType is OpenIddictServerEndpointType.Token ? Errors.InvalidGrant : Errors.InvalidRequest,
            "What was presented has been used already.");
    }

    private static ClaimsPrincipal? Presented(ProcessSignInContext context)
    {
        var authentication = context.Transaction.GetProperty<ProcessAuthenticationContext>(typeof(ProcessAuthenticationContext).FullName!);
        return context.EndpointType switch
        {
            OpenIddictServerEndpointType.Authorization => authentication?.RequestTokenPrincipal,
            OpenIddictServerEndpointType.Token when context.Request.IsAuthorizationCodeGrantType() => authentication?.AuthorizationCodePrincipal,
            OpenIddictServerEndpointType.Token when context.Request.IsRefreshTokenGrantType() => authentication?.RefreshTokenPrincipal,
            _ => null,
        };
    }
}

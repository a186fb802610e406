using IdentityServer.Protocol.Resources;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.UserInfo;

/// <summary>
/// Refuses access tokens that are not for userinfo (RFC 9068 §4): an API that was given one for itself alone must not learn with it what the
/// person let the client see. Which tokens are for both, <c>docs/decisions/0003</c> says.
/// </summary>
internal sealed class RequireOwnAudience : IOpenIddictServerHandler<ValidateUserInfoRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateUserInfoRequestContext>()
            .UseSingletonHandler<RequireOwnAudience>()
            .SetOrder(OpenIddictServerHandlers.UserInfo.ValidateAuthentication.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ValidateUserInfoRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.AccessTokenPrincipal?.HasAudience(OwnResource.Of(context)) is not true)
        {
            context.Reject(Errors.InvalidToken, "The access token is for another resource than userinfo.");
        }

        return ValueTask.CompletedTask;
    }
}

using System.Security.Claims;
using IdentityServer.Domain.Clients;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Lets a confidential client act for itself (RFC 6749 §4.4): the subject is the client, and no user is spoken for. The scopes of OpenID
/// Connect are about a person, so there are none for it, and no id_token.
/// </summary>
internal sealed class GrantClientCredentials : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleTokenRequestContext>()
            .UseSingletonHandler<GrantClientCredentials>()
            .SetOrder(Exchange.AttachPrincipal.Descriptor.Order + 1_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Request.IsClientCredentialsGrantType())
        {
            return ValueTask.CompletedTask;
        }

        if (context.Request.GetScopes().FirstOrDefault(scope => StandardScopes.All.Contains(scope, StringComparer.Ordinal)) is { } scope)
        {
            context.Reject(Errors.InvalidScope, $"The scope {scope} is about a person, and a client that acts for itself is none. Leave it out.");
            return ValueTask.CompletedTask;
        }

        var identity = new ClaimsIdentity("IdentityServer", Claims.Name, Claims.Role);
        identity.AddClaim(new Claim(Claims.Subject, context.ClientId!));
        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes(context.Request.GetScopes());
        context.SignIn(principal);
        return ValueTask.CompletedTask;
    }
}

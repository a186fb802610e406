using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Protocol.Resources;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Introspection;

/// <summary>
/// Lets a client ask about its own tokens, and about access tokens for a resource that it stands for (RFC 7662 §4, the client's
/// <c>introspects</c>); for anybody else a token is not active. It stands in for OpenIddict's own rule, which takes a client for a resource
/// when its <c>client_id</c> is the audience, and any client for the owner of a token that names none.
/// </summary>
internal sealed class LimitToAudience(ClientCache clients) : IOpenIddictServerHandler<ValidateIntrospectionRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateIntrospectionRequestContext>()
            .UseSingletonHandler<LimitToAudience>()
            .SetOrder(OpenIddictServerHandlers.Introspection.ValidateAuthorizedParty.Descriptor.Order)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateIntrospectionRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var token = context.GenericTokenPrincipal ?? throw new InvalidOperationException("The token was validated and must be known.");
        if (context.ClientId is { Length: > 0 } asking && (token.HasPresenter(asking) || await StandsForAudienceAsync()))
        {
            return;
        }

        context.Reject(Errors.InvalidToken, "The token is not for the client that asks."); // which becomes "not active"

        async ValueTask<bool> StandsForAudienceAsync() => token.HasTokenType(TokenTypeIdentifiers.AccessToken)
            && await clients.FindSettingsAsync(asking, context.CancellationToken) is { } client
            && token.GetAudiences().Any(audience => audience != OwnResource.Of(context) && client.Introspects.Contains(audience));
    }
}

/// <summary>
/// Tells a resource server what concerns its own resources: of several audiences those it stands for, of the scopes theirs (RFC 7662 §2.2),
/// and how and when the person signed in (RFC 9470 §6.2).
/// </summary>
internal sealed class TellResourceServer(ClientCache clients, ScopeCache scopes) : IOpenIddictServerHandler<HandleIntrospectionRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleIntrospectionRequestContext>()
            .UseSingletonHandler<TellResourceServer>()
            .SetOrder(OpenIddictServerHandlers.Introspection.AttachApplicationClaims.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleIntrospectionRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var token = context.GenericTokenPrincipal;
        var asking = context.Request.ClientId!;
        if (token.HasPresenter(asking) || await clients.FindSettingsAsync(asking, context.CancellationToken) is not { } client)
        {
            return;
        }

        var directory = await scopes.ResourcesAsync(context.CancellationToken);
        context.Audiences.IntersectWith(client.Introspects);
        context.Scopes.Clear();
        context.Scopes.UnionWith(token.GetScopes().Where(scope => directory.OfScope(scope) is { } owner && context.Audiences.Contains(owner.Resource)));
        context.Claims.Clear();
        if (token.GetClaim(Claims.AuthenticationContextReference) is { } acr)
        {
            context.Claims[Claims.AuthenticationContextReference] = acr;
        }

        if (long.TryParse(token.GetClaim(Claims.AuthenticationTime), NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            context.Claims[Claims.AuthenticationTime] = at;
        }
    }
}

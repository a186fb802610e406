using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>The token of ours that a request presented, as it was read: also when it is refused afterwards, so that its client can be told why.</summary>
internal sealed class TokenInQuestion : IOpenIddictServerHandler<ValidateTokenContext>
{
    private const string Key = "IdentityServer.TokenInQuestion";

    /// <summary>After the token was found to be one of ours, before anything is held against it.</summary>
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseSingletonHandler<TokenInQuestion>()
            .SetOrder(Protection.ValidatePrincipal.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    /// <summary>The last one that was read; null when none was.</summary>
    public static ClaimsPrincipal? Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<ClaimsPrincipal>(Key);

    /// <summary>The <c>client_id</c> of the client that it was given to, if one is named.</summary>
    public static string? ClientOf(ClaimsPrincipal? token) =>
        token is null ? null : token.GetPresenters().FirstOrDefault() ?? (token.HasTokenType(OpenIddictConstants.TokenTypeIdentifiers.IdentityToken) ? token.GetAudiences().FirstOrDefault() : null);

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Principal is { } principal)
        {
            context.Transaction.SetProperty(Key, principal);
        }

        return ValueTask.CompletedTask;
    }
}

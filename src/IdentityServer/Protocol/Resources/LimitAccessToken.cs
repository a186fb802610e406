using IdentityServer.Protocol.SigningKeys;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Resources;

/// <summary>
/// Gives the access token the audience, the scopes and the lifetime that were decided for it, and nothing else of the grant (RFC 8707 §2.2,
/// RFC 9068 §3). The refresh token keeps all of it. Without this, a token has no audience, and nobody takes it.
/// </summary>
internal sealed class LimitAccessToken : IOpenIddictServerHandler<ProcessSignInContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseSingletonHandler<LimitAccessToken>()
            .SetOrder(PrepareAccessTokenPrincipal.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.AccessTokenPrincipal is not { } principal)
        {
            return ValueTask.CompletedTask;
        }

        var target = TokenTarget.Of(context.Transaction);
        principal.SetAudiences([.. target.Audiences]);
        principal.SetScopes([.. target.Scopes]);
        if (target.Lifetime is { } lifetime && principal.GetCreationDate() + lifetime < principal.GetExpirationDate())
        {
            principal.SetExpirationDate(principal.GetCreationDate() + lifetime);
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Signs an access token with the algorithm that its resource registered, or with our own choice (RFC 9068 §2.1).</summary>
internal sealed class SignForResource(SigningKeyRing keys) : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
            .UseSingletonHandler<SignForResource>()
            .SetOrder(Protection.AttachSecurityCredentials.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // Not from the options: OpenIddict sorts their keys, and which of many comes first is nobody's promise.
        if (context.TokenType == TokenTypeIdentifiers.AccessToken)
        {
            context.SigningCredentials = TokenTarget.Of(context.Transaction).Algorithm is { } algorithm ? keys.For(algorithm) : keys.Current.Signers[0];
        }

        return ValueTask.CompletedTask;
    }
}

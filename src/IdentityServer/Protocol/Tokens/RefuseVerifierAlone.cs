using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Refuses a verifier for a code that was asked for without a challenge: somebody may have taken the challenge out on the way (RFC 9700
/// §4.8.2, PKCE downgrade). The code is what is wrong, so the error is the one for codes.
/// </summary>
internal sealed class RefuseVerifierAlone : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>()
            .UseSingletonHandler<RefuseVerifierAlone>()
            .SetOrder(Exchange.ValidateCodeVerifier.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!string.IsNullOrEmpty(context.Request.CodeVerifier) && context.AuthorizationCodePrincipal is { } code
            && string.IsNullOrEmpty(code.GetClaim(Claims.Private.CodeChallenge)))
        {
            context.Reject(Errors.InvalidGrant, "The code was asked for without a code_challenge, so no code_verifier belongs to it.");
        }

        return ValueTask.CompletedTask;
    }
}

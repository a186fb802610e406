using IdentityServer.Clients;
using IdentityServer.Protocol.SigningKeys;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>Signs id_tokens with the algorithm that the client registered, and writes no row for them: nothing ever looks one up.</summary>
internal sealed class ShapeIdToken(ClientCache clients, SigningKeyRing keys) : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
            .UseSingletonHandler<ShapeIdToken>()
            .SetOrder(Protection.AttachSecurityCredentials.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(GenerateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.TokenType != TokenTypeIdentifiers.IdentityToken)
        {
            return;
        }

        context.CreateTokenEntry = false;
        var client = await clients.FindSettingsAsync(context.ClientId!, context.CancellationToken)
            ?? throw new InvalidOperationException("The client was validated and must exist.");

        // Not from the options: OpenIddict sorts their keys, and which of many comes first is nobody's promise.
        context.SigningCredentials = keys.For(client.IdTokenSigningAlgorithm);
    }
}

/// <summary>
/// Strips what is ours alone from tokens that others read: they hold protocol claims only. An access token's row is found again by its
/// <c>jti</c>, see <see cref="ReadTokenId"/>, and its client by <c>client_id</c> (RFC 9068 §2.2).
/// </summary>
internal sealed class StripInternalClaims : IOpenIddictServerHandler<GenerateTokenContext>
{
    private const string InternalPrefix = "oi_";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
            .UseSingletonHandler<StripInternalClaims>()
            .SetOrder(Protection.AttachTokenMetadata.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.TokenType is TokenTypeIdentifiers.AccessToken)
        {
            context.SecurityTokenDescriptor.Claims[Claims.JwtId] = context.Principal.GetTokenId()
                ?? throw new InvalidOperationException("An access token has a row, or it could not be revoked.");
        }

        if (context.TokenType is TokenTypeIdentifiers.IdentityToken or TokenTypeIdentifiers.AccessToken
            && context.SecurityTokenDescriptor.Subject is { } subject)
        {
            foreach (var claim in subject.Claims.Where(claim => claim.Type.StartsWith(InternalPrefix, StringComparison.Ordinal)).ToArray())
            {
                subject.RemoveClaim(claim);
            }
        }

        return ValueTask.CompletedTask;
    }
}

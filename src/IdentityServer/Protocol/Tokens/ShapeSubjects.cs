using IdentityServer.Clients;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Writes the pairwise subject into what a client can read, id_tokens and access tokens. Rows, codes and refresh tokens, which only we read,
/// keep the account's own; so do the guards, which were asked before this.
/// </summary>
internal sealed class WritePairwiseSubject(ClientCache clients, PairwiseSubjects subjects) : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
            .UseSingletonHandler<WritePairwiseSubject>()
            .SetOrder(Protection.AttachTokenMetadata.Descriptor.Order + 600)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(GenerateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.TokenType is not (TokenTypeIdentifiers.IdentityToken or TokenTypeIdentifiers.AccessToken)
            || context.SecurityTokenDescriptor.Subject is not { } identity
            || !Guid.TryParseExact(context.Principal.GetClaim(Claims.Subject), "D", out var userId) // a client that acts for itself
            || await clients.FindSettingsAsync(context.ClientId!, context.CancellationToken) is not { Sector: not null } client)
        {
            return;
        }

        identity.SetClaim(Claims.Subject, await subjects.OfAsync(userId, client, context.CancellationToken));
    }
}

/// <summary>Finds the account behind the pairwise subject of an access token that comes back: its row holds it.</summary>
internal sealed class RestoreSubject(IOpenIddictTokenManager tokens) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseScopedHandler<RestoreSubject>()
            .SetOrder(Protection.RestoreTokenEntryProperties.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Principal is { } principal && principal.HasTokenType(TokenTypeIdentifiers.AccessToken)
            && principal.GetTokenId() is { Length: > 0 } id
            && await tokens.FindByIdAsync(id, context.CancellationToken) is { } row
            && await tokens.GetSubjectAsync(row, context.CancellationToken) is { } subject
            && !string.Equals(subject, principal.GetClaim(Claims.Subject), StringComparison.Ordinal))
        {
            principal.SetClaim(Claims.Subject, subject);
        }
    }
}

/// <summary>Tells whoever introspects a token the subject that stands in it, and no other.</summary>
internal sealed class TellSubject(ClientCache clients, PairwiseSubjects subjects) : IOpenIddictServerHandler<HandleIntrospectionRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleIntrospectionRequestContext>()
            .UseSingletonHandler<TellSubject>()
            .SetOrder(OpenIddictServerHandlers.Introspection.AttachMetadataClaims.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleIntrospectionRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Guid.TryParseExact(context.Subject, "D", out var userId)
            && context.GenericTokenPrincipal?.GetPresenters().FirstOrDefault() is { } clientId
            && await clients.FindSettingsAsync(clientId, context.CancellationToken) is { Sector: not null } client)
        {
            context.Subject = await subjects.OfAsync(userId, client, context.CancellationToken);
        }
    }
}

using IdentityServer.Audit;
using IdentityServer.Storage;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Keeps in the audit trail that a code or a refresh token was presented again after its use: the sign of a theft (RFC 9700 §4.14.2).
/// OpenIddict, right after, revokes the family. The token was read by then, or is read here for both.
/// </summary>
internal sealed class NoticeReplay(IOpenIddictTokenManager tokens, AuditTrail audit, IdentityServerDbContext db)
    : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseScopedHandler<NoticeReplay>()
            .SetOrder(Protection.ValidateTokenEntry.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Principal is not { } principal || principal.GetTokenId() is not { Length: > 0 } id
            || !(principal.HasTokenType(TokenTypeIdentifiers.RefreshToken) || principal.HasTokenType(TokenTypeIdentifiers.Private.AuthorizationCode))
            || await tokens.FindByIdAsync(id, context.CancellationToken) is not { } token
            || !await tokens.HasStatusAsync(token, Statuses.Redeemed, context.CancellationToken))
        {
            return;
        }

        audit.Add(AuditEvents.TokenReplayed, new(
            UserId: Guid.TryParseExact(principal.GetClaim(Claims.Subject), "D", out var user) ? user : null,
            ClientId: context.Request?.ClientId,
            SessionId: Guid.TryParseExact(principal.GetClaim(SubjectPrincipal.SessionId), "N", out var session) ? session : null));
        await db.SaveChangesAsync(context.CancellationToken);
    }
}

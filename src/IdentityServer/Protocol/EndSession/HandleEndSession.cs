using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). A valid <c>id_token_hint</c> proves that the client took part in the
/// session, so it ends without a question; without one a person is asked first, and nobody is redirected anywhere.
/// </summary>
internal sealed class HandleEndSession(SessionReader sessions, SessionEnder ender) : IOpenIddictServerHandler<HandleEndSessionRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleEndSessionRequestContext>()
            .UseScopedHandler<HandleEndSession>()
            .SetOrder(Session.AttachPrincipal.Descriptor.Order + 1_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleEndSessionRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var current = await sessions.CurrentAsync();
        if (context.IdentityTokenHintPrincipal is not { } hint)
        {
            Show(context, current is null ? "/signed-out" : "/sign-out");
            return;
        }

        var named = Guid.TryParseExact(hint.GetClaim(SubjectPrincipal.SessionId), "N", out var sid)
            ? await ender.FindAsync(sid, context.CancellationToken)
            : null;
        if (current is not null && !IsHinted(current, named))
        {
            // Somebody else is signed in here now: not the client's to end.
            Show(context, "/sign-out");
            return;
        }

        foreach (var session in new[] { current, named }.OfType<AuthenticationSession>())
        {
            await ender.EndAsync(session, context.CancellationToken);
        }

        ender.Forget();
        if (string.IsNullOrEmpty(context.Request.PostLogoutRedirectUri))
        {
            await ender.CommitAsync(context.CancellationToken);
            Show(context, "/signed-out");
            return;
        }

        context.SignOut();
    }

    private static bool IsHinted(AuthenticationSession current, AuthenticationSession? named) =>
        named is not null && named.UserId == current.UserId;

    private static void Show(HandleEndSessionRequestContext context, string page)
    {
        var response = context.Transaction.GetHttpRequest()!.HttpContext.Response;
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = page;
        context.HandleRequest();
    }
}

using IdentityServer.Protocol.Diagnosis;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.EndSession;

/// <summary>
/// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). A valid <c>id_token_hint</c> of the person who is signed in proves that
/// the client took part, so their session ends without a question; without one they are asked first, and nobody is redirected anywhere.
/// <para>
/// A hint is no credential: it stands in URLs, histories and logs. So a session ends only at the wish of the browser that holds it. Of
/// any other session that the hint names, whatever client it was made for, only that client's own tokens end: see <see cref="ClientShare"/>.
/// </para>
/// </summary>
internal sealed class HandleEndSession(SessionReader sessions, SessionEnder ender, ClientShare share, FrontChannel frontChannel, FailureReader failures)
    : IOpenIddictServerHandler<HandleEndSessionRequestContext>
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
        if (current is null && HttpMethods.IsPost(context.Transaction.GetHttpRequest()!.Method))
        {
            Show(context, CrossSitePost.AsGet(context.Request) ?? "/sign-out");
            return;
        }

        if (context.IdentityTokenHintPrincipal is not { } hint)
        {
            await failures.NoteHintAsync(context.Transaction, context.CancellationToken);
            Show(context, current is null ? "/signed-out" : "/sign-out");
            return;
        }

        var named = Guid.TryParseExact(hint.GetClaim(SubjectPrincipal.SessionId), "N", out var sid)
            ? await ender.FindAsync(sid, context.CancellationToken)
            : null;
        if (current is not null && named?.UserId != current.UserId)
        {
            // Somebody else is signed in here now, or nobody knows who was hinted at: not the client's to end.
            Show(context, "/sign-out");
            return;
        }

        var took = await EndAsync(current, named, hint.GetAudiences().FirstOrDefault(), context.CancellationToken);
        var frames = await frontChannel.FramesAsync(took, context.CancellationToken);
        await AnswerAsync(context, current, frames);
    }

    private async Task AnswerAsync(HandleEndSessionRequestContext context, AuthenticationSession? ended, IReadOnlyList<string> frames)
    {
        var leadsBack = !string.IsNullOrEmpty(context.Request.PostLogoutRedirectUri);
        switch (ended, leadsBack)
        {
            case ({ } session, true) when frames.Count > 0:
                AnswerByFrontChannel.Ask(context.Transaction, session, frames);
                context.SignOut();
                break;
            case ({ } session, false) when frames.Count > 0:
                await AnswerByFrontChannel.ShowAsync(frontChannel, context.Transaction, session, frames, "/signed-out", context.CancellationToken);
                context.HandleRequest();
                break;
            case (_, true):
                context.SignOut();
                break;
            default:
                Show(context, "/signed-out");
                break;
        }
    }

    private async Task<IReadOnlyList<SessionClient>> EndAsync(
        AuthenticationSession? current, AuthenticationSession? named, string? clientId, CancellationToken cancellationToken)
    {
        IReadOnlyList<SessionClient> took = [];
        if (current is not null)
        {
            // Committed at once: two sign-outs that name each other's sessions would otherwise wait for each other.
            took = await ender.EndAsync(current, cancellationToken);
            await ender.CommitAsync(cancellationToken);

            // Only here: a request that another site made up must not take the cookie of whoever is signed in.
            ender.Forget();
        }

        if (named is not null && named.FamilyId != current?.FamilyId && clientId is not null)
        {
            await share.EndAsync(named, clientId, cancellationToken);
        }

        return took;
    }

    private static void Show(HandleEndSessionRequestContext context, string address)
    {
        var response = context.Transaction.GetHttpRequest()!.HttpContext.Response;
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = address;
        response.Headers.CacheControl = "no-store";
        context.HandleRequest();
    }
}

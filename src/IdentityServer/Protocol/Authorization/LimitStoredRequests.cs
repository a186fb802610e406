using IdentityServer.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.Protocol.Diagnosis;
using IdentityServer.Sessions;
using Microsoft.AspNetCore;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Comes right before a valid authorization request is stored, and lets strangers store only so many. Who has an open session is not a
/// stranger: the requests of people at work are not counted against those who still have to sign in.
/// </summary>
internal sealed class LimitStoredRequests(StoredRequestAllowance allowance, SessionReader sessions, FailureReader failures)
    : IOpenIddictServerHandler<HandleAuthorizationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleAuthorizationRequestContext>()
            .UseScopedHandler<LimitStoredRequests>()
            .SetOrder(Authentication.AttachPrincipal.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleAuthorizationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!string.IsNullOrEmpty(context.Request.RequestUri) || await sessions.CurrentAsync() is not null)
        {
            return;
        }

        var http = context.Transaction.GetHttpRequest()!.HttpContext;
        if (allowance.Spend(http) is not { } wait)
        {
            return;
        }

        await failures.NoteWaitAsync(http, context.ClientId!, wait, context.CancellationToken);

        // Not to the client: it would only send the browser back here.
        http.Features.Set(new ErrorExplanation(
            PageWords.Of(http)["error.too-many-begun"],
            PageWords.Of(http).Say("error.too-many-begun-help", ("wait", PageWords.Of(http).Words.Span(wait)))));
        WaitAnswer.Write(http.Response, StatusCodes.Status429TooManyRequests, wait);
        context.HandleRequest();
    }
}

/// <summary>The same for pushed requests (RFC 9126 §2.3 names the status): a client with a secret has authenticated, a public one is anybody.</summary>
internal sealed class LimitPushedRequests(StoredRequestAllowance allowance) : IOpenIddictServerHandler<HandlePushedAuthorizationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandlePushedAuthorizationRequestContext>()
            .UseSingletonHandler<LimitPushedRequests>()
            .SetOrder(Authentication.AttachPushedPrincipal.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandlePushedAuthorizationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (string.IsNullOrEmpty(context.Request.ClientSecret) && string.IsNullOrEmpty(context.Request.ClientAssertion)
            && allowance.Spend(context.Transaction.GetHttpRequest()!.HttpContext) is { } wait)
        {
            NotedFailure.Put(context.Transaction, new(FailureCodes.TooManyRequests, ("seconds", WaitAnswer.Seconds(wait))));
            RetryLater.Reject(context, StatusCodes.Status429TooManyRequests, wait, "Too many requests were pushed from this network.");
        }

        return ValueTask.CompletedTask;
    }
}

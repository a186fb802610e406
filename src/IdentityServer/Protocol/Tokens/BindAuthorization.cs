using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Protocol.Guards;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Tokens;

/// <summary>
/// Gives each sign-in at a client an authorization of its own, bound to the session: replay, revocation and the end of the session kill
/// just that family. What a person consented to lasts elsewhere.
/// </summary>
internal sealed class BindAuthorization(SignInProofOperations operations, ClientCache clients, TimeProvider clock)
    : IOpenIddictServerHandler<ProcessSignInContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseScopedHandler<BindAuthorization>()
            .SetOrder(AttachAuthorization.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.EndpointType is not OpenIddictServerEndpointType.Authorization
            || SignInStamp.Of(context.Transaction) is not { SessionId: { } sessionId, Subject: { } subject }
            || context.Principal is not { } principal)
        {
            return;
        }

        var client = await clients.FindSettingsAsync(context.ClientId!, context.CancellationToken)
            ?? throw new InvalidOperationException("The client was validated and must exist.");
        var scopes = JsonSerializer.Serialize(principal.GetScopes().AsEnumerable());
        var grant = new NewGrant(client.Id, Guid.ParseExact(subject, "D"), scopes, RequestedClaims.Of(context.Request, client).ToProperties());
        var opened = await operations.OpenAuthorizationAsync(grant, sessionId, clock.GetUtcNow(), context.CancellationToken);
        if (opened is null)
        {
            context.Reject(Errors.LoginRequired, "The sign-in that this request builds on has just ended. Sign in again.");
            return;
        }

        principal.SetAuthorizationId(opened);
        var trail = ClientTrail.Of(context.Transaction.GetHttpRequest()!.HttpContext);
        trail.Concerns(client.Id);
        trail.Count(ActivityKinds.Granted);
    }
}

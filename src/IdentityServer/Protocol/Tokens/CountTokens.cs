using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Tokens;

/// <summary>Counts, for a client's owners, the tokens that it is given: once they are committed, and certain.</summary>
internal sealed class CountTokens(ClientCache clients, ClientInsight insight) : IOpenIddictServerHandler<ApplyTokenResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyTokenResponseContext>()
            .UseSingletonHandler<CountTokens>()
            .SetOrder(CommitBeforeResponse<ApplyTokenResponseContext>.Descriptor.Order + 1_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ApplyTokenResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!string.IsNullOrEmpty(context.Error) || context.Request is not { ClientId: { Length: > 0 } clientId } request
            || Kind(request) is not { } kind || await clients.FindRowIdAsync(clientId) is not { } client)
        {
            return;
        }

        var trail = ClientTrail.Of(context.Transaction.GetHttpRequest()!.HttpContext);
        trail.Concerns(client);
        trail.Count(kind);
        insight.Used(client);
    }

    private static string? Kind(OpenIddictRequest request) =>
        request.IsAuthorizationCodeGrantType() ? ActivityKinds.Completed
        : request.IsRefreshTokenGrantType() ? ActivityKinds.Refreshed
        : request.IsClientCredentialsGrantType() ? ActivityKinds.ForItself
        : null;
}

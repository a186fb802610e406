using System.Diagnostics;
using IdentityServer.Domain.Networks;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Clients;

/// <summary>
/// Checks secrets that a guesser could hit, ahead of OpenIddict, under the limits of <see cref="ClientSecretVerifier"/>. What is right is
/// remembered there, so OpenIddict's own check afterwards costs nothing; strong secrets are left to it alone.
/// </summary>
internal sealed class CheckWeakSecret(ClientCache clients, ClientSecretVerifier secrets) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientIdParameter>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientSecretParameter>()
            .UseSingletonHandler<CheckWeakSecret>()
            .SetOrder(ValidateClientSecret.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!EnforceClientAuthenticationMethod.Authenticates(context.EndpointType)
            || await clients.FindAsync(context.ClientId!, context.CancellationToken) is not { Entity.ClientSecret: { Length: > 0 } stored })
        {
            return;
        }

        var network = NetworkAddress.Of(context.Transaction.GetHttpRequest()?.HttpContext.Connection.RemoteIpAddress);
        switch (await secrets.TryVerifyAsync(stored, context.ClientSecret!, network, context.CancellationToken))
        {
            case SecretVerdict.Passed:
                break;
            case SecretVerdict.Wrong:
                context.Reject(OpenIddictConstants.Errors.InvalidClient, "The specified client credentials are invalid.");
                break;
            case SecretVerdict.TooManyGuesses guesses:
                RetryLater.Reject(context, StatusCodes.Status429TooManyRequests, guesses.RetryAfter, "Too many wrong secrets were given for this client from this network.");
                break;
            case SecretVerdict.Busy busy:
                RetryLater.Reject(context, StatusCodes.Status503ServiceUnavailable, busy.RetryAfter, "Too many secrets are being checked for this client.");
                break;
            case var other:
                throw new UnreachableException($"Unmapped verdict {other}.");
        }
    }
}

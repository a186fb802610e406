using System.Diagnostics;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Networks;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Clients.Credentials;

/// <summary>
/// Checks secrets ahead of OpenIddict, which knows of one for each client: against all that the client has, those of other nodes included,
/// and those that a guesser could hit under the limits of <see cref="ClientSecretVerifier"/>. OpenIddict's own check afterwards finds the
/// same at little cost.
/// </summary>
internal sealed class CheckClientSecret(ClientCache clients, ClientSecretFinder finder, ClientInsight insight) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientIdParameter>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientSecretParameter>()
            .UseSingletonHandler<CheckClientSecret>()
            .SetOrder(ValidateClientSecret.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!EnforceClientAuthenticationMethod.Authenticates(context.EndpointType)
            || await clients.FindAsync(context.ClientId!, context.CancellationToken) is not { Settings.Metadata.HasSecret: true } client)
        {
            return;
        }

        var network = NetworkAddress.Of(context.Transaction.GetHttpRequest()?.HttpContext.Connection.RemoteIpAddress);
        switch (await finder.FindAsync(client, context.ClientSecret!, network, context.CancellationToken))
        {
            case SecretVerdict.Passed passed:
                insight.SecretUsed(client.Entity.Id!, passed.SecretId);
                break;
            case SecretVerdict.Wrong:
                context.Reject(
                    OpenIddictConstants.Errors.InvalidClient,
                    OpenIddictResources.GetResourceString(OpenIddictResources.ID2055),
                    OpenIddictResources.FormatID8000(OpenIddictResources.ID2055)); // as OpenIddict would say it
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

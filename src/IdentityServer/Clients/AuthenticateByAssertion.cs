using System.Security.Claims;
using IdentityServer.Clients.Keys;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using Microsoft.AspNetCore;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Clients;

/// <summary>
/// Takes client assertions, in OpenIddict's stead: that takes one any number of times, wants the issuer for its audience where OpenID
/// Connect Core §9 also has the token endpoint, finds keys in its own column only, and answers some faults by another error than
/// <c>invalid_client</c>.
/// </summary>
internal sealed class AuthenticateByAssertion(ClientCache clients, ClientAssertions assertions, ClientInsight insight) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientAssertionValidated>()
            .UseScopedHandler<AuthenticateByAssertion>()
            .SetOrder(ValidateClientAssertion.Descriptor.Order)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    /// <summary>OpenIddict's handlers that this one stands in for.</summary>
    public static IReadOnlyList<OpenIddictServerHandlerDescriptor> StandsInFor { get; } =
        [ValidateClientAssertion.Descriptor, ValidateClientAssertionWellknownClaims.Descriptor, ValidateClientAssertionIssuer.Descriptor];

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (string.IsNullOrEmpty(context.ClientAssertion))
        {
            return;
        }

        if (context.ClientAssertionType != OpenIddictConstants.ClientAssertionTypes.JwtBearer || !ClientJwts.TryRead(context.ClientAssertion, out var token))
        {
            Reject(context, new ClientJwtFault(ClientJwtFaultKind.Malformed, "It is no signed JWT with the client_assertion_type of RFC 7523."));
            return;
        }

        // Read, not believed: it tells whose key to check with.
        var clientId = context.ClientId is { Length: > 0 } named ? named : token.Subject;
        if (await clients.FindSettingsAsync(clientId, context.CancellationToken) is not { TokenEndpointAuthMethod: ClientAuthenticationMethods.PrivateKeyJwt } client)
        {
            Reject(context, "No client of this client_id authenticates by private_key_jwt."); // the same for known and unknown ones
            return;
        }

        var endpoint = context.Transaction.GetHttpRequest()!.Path.Value!.TrimStart('/');
        switch (await assertions.JudgeAsync(client, token, endpoint, context.CancellationToken))
        {
            case ClientJwtVerdict.Verified verified:
                insight.KeyUsed(client.Id, Base64UrlEncoder.Encode(verified.Token.SigningKey.ComputeJwkThumbprint()));
                context.Request!.ClientId = clientId;
                context.ClientAssertionPrincipal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(OpenIddictConstants.Claims.Subject, clientId)], "ClientAssertion"));
                break;
            case ClientJwtVerdict.Refused refused:
                context.Logger.AssertionRefused(client.ClientId, refused.Reason);
                Reject(context, refused.Fault);
                break;
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped verdict {other}.");
        }
    }

    private static void Reject(ProcessAuthenticationContext context, ClientJwtFault fault)
    {
        fault.PutOn(context.Transaction);
        Reject(context, fault.Reason);
    }

    private static void Reject(ProcessAuthenticationContext context, string reason) =>
        context.Reject(OpenIddictConstants.Errors.InvalidClient, $"The client assertion is refused. {reason}");
}

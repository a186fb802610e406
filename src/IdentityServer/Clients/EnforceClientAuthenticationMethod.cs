using IdentityServer.Domain.Clients;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Clients;

/// <summary>
/// Holds a client to the one method that it registered (RFC 7591 §2, <c>token_endpoint_auth_method</c>). OpenIddict takes a secret
/// wherever it finds one; a client that chose the header must not find its secret working in bodies, which end up in logs.
/// </summary>
internal sealed class EnforceClientAuthenticationMethod(ClientCache clients) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    /// <summary>Right after the client is known to exist, before any secret is looked at.</summary>
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientIdParameter>()
            .UseSingletonHandler<EnforceClientAuthenticationMethod>()
            .SetOrder(ValidateClientId.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        if (!Authenticates(context.EndpointType))
        {
            return;
        }

        var client = await clients.FindSettingsAsync(context.ClientId!, context.CancellationToken)
            ?? throw new InvalidOperationException("The client was there a moment ago.");
        if (client.IsPublic && context.EndpointType is OpenIddictServerEndpointType.Introspection)
        {
            // Before the token is looked at: else the answer would tell live tokens from dead ones to anybody (RFC 7662 §2.1, §4).
            context.Reject(OpenIddictConstants.Errors.InvalidClient, "A client without credentials may not introspect.");
            return;
        }

        var used = MethodOf(context);
        if (string.Equals(used, client.TokenEndpointAuthMethod, StringComparison.Ordinal))
        {
            return;
        }

        context.Logger.WrongAuthenticationMethod(client.ClientId, used, client.TokenEndpointAuthMethod);
        context.Reject(
            OpenIddictConstants.Errors.InvalidClient,
            $"This client authenticates by {client.TokenEndpointAuthMethod}; the request used {used}.");
    }

    /// <summary>Whether clients prove themselves at an endpoint; elsewhere they are named, not authenticated.</summary>
    public static bool Authenticates(OpenIddictServerEndpointType endpoint) => endpoint is OpenIddictServerEndpointType.Token
        or OpenIddictServerEndpointType.PushedAuthorization
        or OpenIddictServerEndpointType.Introspection
        or OpenIddictServerEndpointType.Revocation;

    /// <summary>The method that a request used, one of <see cref="ClientAuthenticationMethods"/> where it can be told.</summary>
    public static string MethodOf(ProcessAuthenticationContext context)
    {
        if (!string.IsNullOrEmpty(context.ClientAssertion))
        {
            return context.ClientAssertionType == OpenIddictConstants.ClientAssertionTypes.JwtBearer
                ? ClientAuthenticationMethods.PrivateKeyJwt
                : "a client assertion of an unknown type";
        }

        var header = context.Transaction.GetHttpRequest()?.Headers.Authorization.ToString();
        if (header is not null && header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return ClientAuthenticationMethods.Basic;
        }

        return string.IsNullOrEmpty(context.ClientSecret) ? ClientAuthenticationMethods.None : ClientAuthenticationMethods.Post;
    }
}

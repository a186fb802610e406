using System.Diagnostics;
using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Resources;

/// <summary>
/// Decides what the access token of a token request is for: the part of the grant that the request names, never more (RFC 8707 §2.2). It
/// comes last, when the code or the refresh token is known to be this client's.
/// </summary>
internal sealed class ValidateTokenResources(ScopeCache scopes) : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>()
            .UseSingletonHandler<ValidateTokenResources>()
            .SetOrder(Exchange.ValidateGrantedScopes.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        switch (Decide(context, await scopes.ResourcesAsync(context.CancellationToken)))
        {
            case TargetVerdict.Narrowed narrowed:
                TokenTarget.Put(context.Transaction, narrowed.Target);
                break;
            case TargetVerdict.InvalidTarget invalid:
                context.Reject(Errors.InvalidTarget, invalid.Reason);
                break;
            case TargetVerdict.InvalidScope invalid:
                context.Reject(Errors.InvalidScope, invalid.Reason);
                break;
            case var other:
                throw new UnreachableException($"Unmapped verdict {other}.");
        }
    }

    private static TargetVerdict Decide(ValidateTokenRequestContext context, ResourceDirectory directory)
    {
        var (issuer, named, asked) = (OwnResource.Of(context), RequestedResources.Of(context.Request), context.Request.GetScopes());
        var source = context.Request.IsAuthorizationCodeGrantType() ? context.AuthorizationCodePrincipal
            : context.Request.IsRefreshTokenGrantType() ? context.RefreshTokenPrincipal
            : null;
        if (source is not null)
        {
            // Only a refresh may ask for less (RFC 6749 §6); with a code, scope is no parameter.
            return ResourceTargets.Narrow(
                directory, issuer, source.GetScopes(), source.GetResources(), named, context.Request.IsRefreshTokenGrantType() ? asked : []);
        }

        // A client that acts for itself has its grant and its token in one request.
        var verdict = ResourceTargets.Grant(directory, issuer, asked, named);
        return verdict is TargetVerdict.Granted granted
            ? ResourceTargets.Narrow(directory, issuer, asked, granted.Resources, named, [])
            : verdict;
    }
}

/// <summary>What the access token of this transaction is for. There is one per transaction, and only the validation of the request makes it.</summary>
internal static class TokenTarget
{
    private const string Key = "IdentityServer.AccessTarget";

    /// <exception cref="InvalidOperationException">Nothing was decided: the handler that does is gone.</exception>
    public static AccessTarget Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<AccessTarget>(Key)
        ?? throw new InvalidOperationException("No access token is made before it is decided for whom.");

    public static void Put(OpenIddictServerTransaction transaction, AccessTarget target) => transaction.SetProperty(Key, target);
}

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
/// Decides which resources an authorization request is about (RFC 8707 §2.1), pushed or not, and refuses those that are malformed, unknown
/// or not covered by its scopes. It stands in for OpenIddict's own handlers, which know resources only from the options and call a
/// malformed one <c>invalid_request</c>.
/// </summary>
internal sealed class ValidateGrantResources<TContext>(ScopeCache scopes) : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    /// <summary>Where OpenIddict's own would stand: after the scopes are known to exist, so that what is told of them is true.</summary>
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<ValidateGrantResources<TContext>>()
            .SetOrder(typeof(TContext) == typeof(ValidatePushedAuthorizationRequestContext)
                ? Authentication.ValidatePushedResources.Descriptor.Order
                : Authentication.ValidateResources.Descriptor.Order)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Transaction.Request!;
        var verdict = ResourceTargets.Grant(
            await scopes.ResourcesAsync(context.CancellationToken), OwnResource.Of(context), request.GetScopes(), RequestedResources.Of(request));
        switch (verdict)
        {
            case TargetVerdict.Granted granted:
                new GrantedResources(granted.Resources).PutOn(context.Transaction);
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
}

/// <summary>What an authorization request that was validated is about, for the grant that follows.</summary>
/// <param name="Resources">The resources, without the server itself.</param>
internal sealed record GrantedResources(IReadOnlyList<string> Resources)
{
    private const string Key = "IdentityServer.GrantedResources";

    /// <exception cref="InvalidOperationException">Nothing was decided: the handler that does is gone.</exception>
    public static GrantedResources Of(OpenIddictServerTransaction transaction) => transaction.GetProperty<GrantedResources>(Key)
        ?? throw new InvalidOperationException("Nothing is granted before it is decided for which resources.");

    public void PutOn(OpenIddictServerTransaction transaction) => transaction.SetProperty(Key, this);
}

/// <summary>The <c>resource</c> parameters of a request.</summary>
internal static class RequestedResources
{
    /// <summary>All of them; empty ones are as if they were not there (RFC 6749 §3.1).</summary>
    public static IReadOnlyList<string> Of(OpenIddictRequest request) => [.. request.GetResources().Where(resource => !string.IsNullOrEmpty(resource))];
}

/// <summary>The server itself as a resource: userinfo.</summary>
internal static class OwnResource
{
    /// <summary>The issuer, which is the audience of tokens for userinfo.</summary>
    public static string Of(BaseContext context) => (context.Transaction.Options.Issuer ?? context.Transaction.BaseUri)?.AbsoluteUri
        ?? throw new InvalidOperationException("The issuer is known here.");
}

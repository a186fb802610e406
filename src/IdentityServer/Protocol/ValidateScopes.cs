using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Diagnosis;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol;

/// <summary>
/// Holds a client to the scopes that it registered, with the error that RFC 6749 §4.1.2.1 and §5.2 have for it. OpenIddict lets
/// <c>offline_access</c> by, whoever asks; here a client that has not registered it is answered as if it had not asked (OpenID Connect Core §11).
/// </summary>
internal sealed class ValidateScopes<TContext>(ClientCache clients) : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<ValidateScopes<TContext>>()
            .SetOrder(OrderOf() - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    // Of the three requests one asks for a client itself, or for a part of what was granted.
    private static bool AsksPerson => typeof(TContext) != typeof(ValidateTokenRequestContext);

    public async ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Transaction.Request!;
        if (request.ClientId is not { Length: > 0 } clientId || await clients.FindSettingsAsync(clientId, context.CancellationToken) is not { } client)
        {
            return;
        }

        var scopes = request.GetScopes();
        if (scopes.FirstOrDefault(scope => !client.AllowedScopes.Contains(scope) && scope is not (Scopes.OpenId or Scopes.OfflineAccess)) is { } refused)
        {
            NotedFailure.Put(context.Transaction, new(FailureCodes.ScopeNotAllowed, ("scope", Quotable.Word(refused))));
            context.Reject(Errors.InvalidScope, $"The client has not registered the scope {refused}.");
        }
        else if (AsksPerson && !client.FirstParty && scopes.FirstOrDefault(ManagementScopes.All.Contains) is { } management)
        {
            NotedFailure.Put(context.Transaction, new(FailureCodes.ScopeNotForPeople, ("scope", management)));

            // Whatever it has registered: a person who consents to one stranger's application would hand it all of their own.
            context.Reject(
                Errors.InvalidScope,
                $"The scope {management} is given to people through the operator's own clients only. A client that acts for itself may ask for it (client_credentials).");
        }
        else if (scopes.Contains(Scopes.OfflineAccess) && !client.AllowedScopes.Contains(Scopes.OfflineAccess))
        {
            request.Scope = string.Join(' ', scopes.Remove(Scopes.OfflineAccess));
        }
    }

    private static int OrderOf() =>
        typeof(TContext) == typeof(ValidateAuthorizationRequestContext) ? Authentication.ValidateScopePermissions.Descriptor.Order
        : typeof(TContext) == typeof(ValidatePushedAuthorizationRequestContext) ? Authentication.ValidatePushedScopePermissions.Descriptor.Order
        : typeof(TContext) == typeof(ValidateTokenRequestContext) ? Exchange.ValidateScopePermissions.Descriptor.Order
        : throw new InvalidOperationException($"{typeof(TContext).Name} asks for no scopes.");
}

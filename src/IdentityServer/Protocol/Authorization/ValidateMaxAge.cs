using IdentityServer.Domain.SignIn;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Refuses a <c>max_age</c> that is no count of seconds (OpenID Connect Core §3.1.2.1). OpenIddict would ignore it, and a client that asked
/// for a fresh sign-in would not get one. It comes first where a request is handled, not where it is validated: by then the redirect URI is
/// known to be good, and the client is told. A pushed request answers its client in any case.
/// </summary>
internal sealed class ValidateMaxAge<TContext> : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<ValidateMaxAge<TContext>>()
            .SetOrder(int.MinValue + 50_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Transaction.Request?.GetParameter(Parameters.MaxAge) is { } given
            && !OpenIddictParameter.IsNullOrEmpty(given) // as if it were not there (RFC 6749 §3.1)
            && !MaxAge.TryRead((string?)given, out _))
        {
            context.Reject(Errors.InvalidRequest, "max_age is a whole number of seconds, zero or more.");
        }

        return ValueTask.CompletedTask;
    }
}

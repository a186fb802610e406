using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Guards;

/// <summary>
/// Guard 2: first in line wherever a token is made, it throws unless the first guard stamped this very subject and session. It holds even
/// should tokens one day be made without passing the first guard.
/// </summary>
internal sealed class RequireStamp : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
            .UseSingletonHandler<RequireStamp>()
            .SetOrder(Protection.AttachSecurityCredentials.Descriptor.Order - 50_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var stamp = SignInStamp.Of(context.Transaction)
            ?? throw new InvalidOperationException("No token is made in a transaction that the sign-in guard did not stamp.");
        if (!string.Equals(stamp.Subject, context.Principal.GetClaim(Claims.Subject), StringComparison.Ordinal))
        {
            throw new InvalidOperationException("No token is made for another subject than the sign-in guard stamped.");
        }

        // Access tokens carry no sid; wherever one stands, it is the stamped one.
        if (context.Principal.GetClaim(SubjectPrincipal.SessionId) is { } sessionId
            && !string.Equals(sessionId, stamp.SessionId?.ToString("N"), StringComparison.Ordinal))
        {
            throw new InvalidOperationException("No token is made for another session than the sign-in guard stamped.");
        }

        return ValueTask.CompletedTask;
    }
}

using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Introspection;

/// <summary>
/// Answers for a token of a kind that is not introspected as for one that is none: not active (RFC 7662 §2.2). An error of its own would
/// tell that it is one of ours.
/// </summary>
internal sealed class TellNothing : IOpenIddictServerHandler<ApplyIntrospectionResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyIntrospectionResponseContext>()
            .UseSingletonHandler<TellNothing>()
            .SetOrder(OpenIddictServerHandlers.Introspection.NormalizeErrorResponse.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ApplyIntrospectionResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Response.Error == Errors.UnsupportedTokenType)
        {
            context.Response.Error = Errors.InvalidToken; // which becomes "not active" next
        }

        return ValueTask.CompletedTask;
    }
}

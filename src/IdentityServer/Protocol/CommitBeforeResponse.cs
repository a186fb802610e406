using IdentityServer.Storage;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol;

/// <summary>
/// Commits the request's one transaction before a byte of the answer is written: what a client was told is durable, and a refusal keeps
/// the revocations that caused it.
/// </summary>
internal sealed class CommitBeforeResponse<TContext>(UnitOfWork work) : IOpenIddictServerHandler<TContext>
    where TContext : BaseRequestContext
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseScopedHandler<CommitBeforeResponse<TContext>>()
            .SetOrder(int.MinValue + 10_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        await work.CommitAsync(context.CancellationToken);
    }
}

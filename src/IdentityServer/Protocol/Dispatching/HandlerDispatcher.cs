using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Dispatching;

/// <summary>
/// Runs the handlers of an event in their order until one of them settles it: OpenIddict's own dispatcher, over a table.
/// </summary>
internal sealed partial class HandlerDispatcher(
    HandlerTable table, IOptionsMonitor<OpenIddictServerOptions> options, IServiceProvider scope, ILogger<HandlerDispatcher> logger)
    : IOpenIddictServerDispatcher
{
    private int _refusals;

    public async ValueTask DispatchAsync<TContext>(TContext context)
        where TContext : BaseContext
    {
        ArgumentNullException.ThrowIfNull(context);
        var tell = logger.IsEnabled(LogLevel.Debug);
        foreach (var step in table.For<TContext>(options.CurrentValue))
        {
            if (!await IsActiveAsync(step, context))
            {
                continue;
            }

            var (handler, refusals) = (step.Handler.In(scope), _refusals);
            await handler.HandleAsync(context);
            if (tell)
            {
                Handled(logger, typeof(TContext).Name, handler.GetType());
            }

            // What an event refused that the handler asked, it refuses for the same reason: the first of them knows best. A refusal that
            // was let pass, as of a hint that is no token, is not the reason of a later one.
            if (context is BaseValidatingContext { IsRejected: true } && _refusals++ == refusals)
            {
                RefusedBy.Put(context.Transaction, handler.GetType());
            }

            if (context is BaseRequestContext { IsRequestHandled: true } or BaseRequestContext { IsRequestSkipped: true }
                or BaseValidatingContext { IsRejected: true })
            {
                if (tell)
                {
                    Settled(logger, typeof(TContext).Name, handler.GetType());
                }

                return;
            }
        }
    }

    private async ValueTask<bool> IsActiveAsync<TContext>(HandlerStep<TContext> step, TContext context)
        where TContext : BaseContext
    {
        foreach (var filter in step.Filters)
        {
            if (!await filter.In(scope).IsActiveAsync(context))
            {
                return false;
            }
        }

        return true;
    }

    [LoggerMessage(1401, LogLevel.Debug, "{Event} went through {Handler}.")]
    private static partial void Handled(ILogger logger, string @event, Type handler);

    [LoggerMessage(1402, LogLevel.Debug, "{Event} was handled, skipped or rejected by {Handler}.")]
    private static partial void Settled(ILogger logger, string @event, Type handler);
}

using IdentityServer.Domain.Outbox;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityServer.Outbox;

/// <summary>Sends durably: whatever must leave the house is written as a row first, together with what it tells of.</summary>
internal static class OutboxRoom
{
    public static WebApplicationBuilder AddOutbox(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<OutboxMetrics>();
        builder.Services.AddSingleton<OutboxLedger>();
        builder.Services.AddSingleton<OutboxCourier>();
        foreach (var queue in Enum.GetValues<OutboxQueue>())
        {
            builder.Services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<OutboxDispatcher>(provider, queue));
        }

        return builder;
    }
}

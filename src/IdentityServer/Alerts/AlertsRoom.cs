using IdentityServer.Outbox;

namespace IdentityServer.Alerts;

internal static class AlertsRoom
{
    public static WebApplicationBuilder AddAlerts(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<IOutboxHandler, AlertHandler>();
        return builder;
    }
}

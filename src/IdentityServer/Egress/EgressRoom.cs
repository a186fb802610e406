using IdentityServer.Settings;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityServer.Egress;

/// <summary>Asks addresses that clients registered, and is the only room that asks anybody.</summary>
internal static class EgressRoom
{
    public static WebApplicationBuilder AddEgress(this WebApplicationBuilder builder)
    {
        var options = builder.AddSettings<EgressOptions>();
        var development = builder.Environment.IsDevelopment();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<IEgressNetwork, EgressNetwork>();
        builder.Services.TryAddSingleton(_ => new EgressTrust());
        builder.Services.AddSingleton(_ => new EgressPolicy(options, development));
        builder.Services.AddSingleton<EgressClient>();
        builder.Services.AddSingleton<EgressCache>();
        return builder;
    }
}

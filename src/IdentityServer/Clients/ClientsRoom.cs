using IdentityServer.Clients.Credentials;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Clients.Keys;
using IdentityServer.Clients.Showing;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace IdentityServer.Clients;

internal static class ClientsRoom
{
    public static WebApplicationBuilder AddClients(this WebApplicationBuilder builder)
    {
        builder.Services.AddClients();
        builder.Services.AddHostedService<SecretRetirement>();
        builder.Services.AddHostedService<BuiltInRegistration>();
        if (builder.Environment.IsDevelopment())
        {
            var demo = DemoClientSection.Read(builder.Configuration.GetSection("Demo:Clients"), builder.SettingsReport());
            builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DemoClients>(provider, demo));
            builder.Services.AddHostedService(provider => provider.GetRequiredService<DemoClients>());
            var resources = DemoResources.Read(builder.Configuration.GetSection("Demo:Resources"), builder.SettingsReport());
            builder.Services.AddHostedService(provider => ActivatorUtilities.CreateInstance<DemoResources>(provider, resources));
        }

        return builder;
    }

    /// <summary>What browsers ask for.</summary>
    public static WebApplication MapClients(this WebApplication app)
    {
        ClientLogo.Map(app);
        return app;
    }

    /// <summary>What needs no web server: the registry, the caches and OpenIddict's core around them. The storage is registered elsewhere.</summary>
    public static IServiceCollection AddClients(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ClientCache>();
        services.AddSingleton<ClientCounter>();
        services.AddSingleton<RegisteredOrigins>();
        services.AddSingleton<ClientSecretVerifier>().AddSingleton<ClientSecretFinder>();
        services.AddScoped<ClientSecretDesk>().AddScoped<ClientSecretDeskParts>();
        services.AddSingleton<SecretMistakes>().AddSingleton<NearClients>();
        services.AddSingleton<ClientKeys>().AddScoped<ClientKeyList>();
        services.AddSingleton<ClientJwts>();
        services.AddScoped<ClientLogo>().AddSingleton<LogoDrawing>().AddSingleton<RegisteredLogo>();
        services.AddScoped<ClientAssertions>();
        services.AddScoped<ClientRegistry>();
        services.AddScoped<ClientImport>();
        services.AddScoped<ClientRetirement>().AddSingleton<ClientDocuments>();
        services.AddScoped<RegistrationTokens>();
        services.AddScoped<SelfRegistration>().AddScoped<SelfRegistrationParts>();
        services.AddScoped<SelfManagement>();
        services.AddScoped<ClientEditor>().AddScoped<ClientEditorParts>();
        services.AddScoped<ResourceRegistry>();
        services.AddScoped(provider => (ClientManager)provider.GetRequiredService<OpenIddictApplicationManager<Client>>());
        services.AddOpenIddict().AddCore(core =>
        {
            core.UseIdentityServerStores();
            core.ReplaceApplicationManager<Client, ClientManager>();
            core.ReplaceScopeManager<Scope, ScopeManager>();
        });

        // One for all requests, where OpenIddict would make one for each.
        services.AddSingleton<IOpenIddictApplicationCache<Client>>(provider => provider.GetRequiredService<ClientCache>());
        services.AddSingleton<ScopeCache>();
        services.AddSingleton<IOpenIddictScopeCache<Scope>>(provider => provider.GetRequiredService<ScopeCache>());
        return services;
    }
}

using IdentityServer.Settings;
using IdentityServer.Users.Hashing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityServer.Users;

internal static class UsersRoom
{
    public static WebApplicationBuilder AddUsers(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<HashingMetrics>();
        services.AddSingleton(provider => new HashingGate(
            Environment.ProcessorCount, Environment.ProcessorCount * HashingGate.QueuePerWorker, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DecoyHashes>();
        services.AddHostedService<HashSurvey>();
        services.TryAddSingleton<IPasswordHasher, PasswordHasher>();
        services.AddScoped<UserDirectory>().AddScoped<AccountChanges>().AddScoped<AddressChanges>();

        var demoUsers = DemoUsers.Read(builder.Configuration.GetSection("Demo:Users"), builder.SettingsReport());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DemoUsers>(provider, demoUsers));
        if (builder.Environment.IsDevelopment())
        {
            services.AddHostedService(provider => provider.GetRequiredService<DemoUsers>());
        }

        return builder;
    }
}

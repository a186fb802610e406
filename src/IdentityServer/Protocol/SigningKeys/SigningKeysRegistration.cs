using Microsoft.Extensions.Options;
using OpenIddict.Server;

namespace IdentityServer.Protocol.SigningKeys;

internal static class SigningKeysRegistration
{
    /// <summary>Adds the ring and has OpenIddict's server take its keys and issuer from here. The ring is loaded while the server starts.</summary>
    public static IServiceCollection AddSigningKeys(this IServiceCollection services)
    {
        services.AddSingleton<SigningKeyMaterial>();
        services.AddSingleton<SigningKeyUpkeep>();
        services.AddSingleton<SigningKeyDesk>();
        services.AddSingleton<SigningKeyRing>();
        services.AddSingleton<KeysOfNow>();
        services.AddSingleton<ServerOptionsRefresh>();
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(provider => provider.GetRequiredService<ServerOptionsRefresh>());
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>, ConfigureServerKeys>();
        services.AddHostedService<SigningKeyWatch>();
        return services;
    }
}

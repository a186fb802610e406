using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage;

/// <summary>Puts this storage beneath OpenIddict.</summary>
public static class StoresRegistration
{
    /// <summary>
    /// Lets OpenIddict use our entities: tokens and authorizations through the lean stores, clients and scopes, which are rarely
    /// written, through its own stores for EF Core. Needs <see cref="StorageRegistration.AddIdentityServerStorage"/>.
    /// </summary>
    public static OpenIddictCoreBuilder UseIdentityServerStores(this OpenIddictCoreBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseEntityFrameworkCore()
            .UseDbContext<IdentityServerDbContext>()
            .ReplaceDefaultEntities<Client, Authorization, Scope, Token, string>();
        builder.ReplaceTokenStore<Token, TokenStore>().ReplaceAuthorizationStore<Authorization, AuthorizationStore>();
        builder.Services.Replace(ServiceDescriptor.Scoped<IOpenIddictTokenCache<Token>, TokenCache>());
        builder.Services.Replace(ServiceDescriptor.Scoped<IOpenIddictAuthorizationCache<Authorization>, AuthorizationCache>());
        return builder;
    }
}

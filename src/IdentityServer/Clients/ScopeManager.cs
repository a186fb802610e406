using IdentityServer.Storage.Entities;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace IdentityServer.Clients;

/// <summary>OpenIddict's view of scopes. What is found comes from <see cref="ScopeCache"/>; what is written is a tracked row.</summary>
internal sealed class ScopeManager(
    IOpenIddictScopeCache<Scope> cache,
    ILogger<OpenIddictScopeManager<Scope>> logger,
    IOptionsMonitor<OpenIddictCoreOptions> options,
    IOpenIddictScopeStore<Scope> store) : OpenIddictScopeManager<Scope>(cache, logger, options, store)
{
    public override async ValueTask UpdateAsync(Scope scope, OpenIddictScopeDescriptor descriptor, CancellationToken cancellationToken = default) =>
        await base.UpdateAsync(await TrackedAsync(scope, cancellationToken), descriptor, cancellationToken);

    public override async ValueTask DeleteAsync(Scope scope, CancellationToken cancellationToken = default)
    {
        await base.DeleteAsync(await TrackedAsync(scope, cancellationToken), cancellationToken);
        await Cache.RemoveAsync(scope, cancellationToken); // again: somebody may have read between the first time and the deletion
    }

    private async ValueTask<Scope> TrackedAsync(Scope scope, CancellationToken cancellationToken) =>
        await Store.FindByIdAsync(scope.Id!, cancellationToken) ?? throw new InvalidOperationException("The scope is gone.");
}

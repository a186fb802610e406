using System.Collections.Immutable;
using IdentityServer.Storage.Entities;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage.Stores;

/// <summary>OpenIddict's cache of authorizations for one request; see <see cref="TokenCache"/>.</summary>
internal sealed class AuthorizationCache(IOpenIddictAuthorizationStore<Authorization> store, LoadedRows<Authorization> loaded)
    : IOpenIddictAuthorizationCache<Authorization>
{
    public ValueTask AddAsync(Authorization authorization, CancellationToken cancellationToken)
    {
        loaded.Keep(authorization.Id!, authorization);
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(Authorization authorization, CancellationToken cancellationToken)
    {
        loaded.Forget(authorization.Id!);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<Authorization?> FindByIdAsync(string identifier, CancellationToken cancellationToken)
    {
        if (loaded.Find(identifier) is { } known)
        {
            return known;
        }

        var authorization = await store.FindByIdAsync(identifier, cancellationToken);
        if (authorization is not null)
        {
            loaded.Keep(identifier, authorization);
        }

        return authorization;
    }

    public IAsyncEnumerable<Authorization> FindAsync(
        string? subject, string? client, string? status, string? type, ImmutableArray<string>? scopes, CancellationToken cancellationToken) =>
        store.FindAsync(subject, client, status, type, scopes, cancellationToken);

    public IAsyncEnumerable<Authorization> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        store.FindByApplicationIdAsync(identifier, cancellationToken);

    public IAsyncEnumerable<Authorization> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        store.FindBySubjectAsync(subject, cancellationToken);
}

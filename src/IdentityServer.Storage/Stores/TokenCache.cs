using IdentityServer.Storage.Entities;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage.Stores;

/// <summary>
/// OpenIddict's cache of tokens for one request: a dictionary. Its own one makes a memory cache, with a cancellation source per row,
/// for a scope that sees three or four rows.
/// </summary>
internal sealed class TokenCache(IOpenIddictTokenStore<Token> store, LoadedRows<Token> loaded) : IOpenIddictTokenCache<Token>
{
    public ValueTask AddAsync(Token token, CancellationToken cancellationToken)
    {
        loaded.Keep(token.Id!, token);
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(Token token, CancellationToken cancellationToken)
    {
        loaded.Forget(token.Id!);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<Token?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        loaded.Find(identifier) ?? Keep(await store.FindByIdAsync(identifier, cancellationToken));

    public async ValueTask<Token?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) =>
        loaded.Find(token => token.ReferenceId == identifier) ?? Keep(await store.FindByReferenceIdAsync(identifier, cancellationToken));

    public IAsyncEnumerable<Token> FindAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) =>
        store.FindAsync(subject, client, status, type, cancellationToken);

    public IAsyncEnumerable<Token> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        store.FindByApplicationIdAsync(identifier, cancellationToken);

    public IAsyncEnumerable<Token> FindByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) =>
        store.FindByAuthorizationIdAsync(identifier, cancellationToken);

    public IAsyncEnumerable<Token> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        store.FindBySubjectAsync(subject, cancellationToken);

    private Token? Keep(Token? token)
    {
        if (token is not null)
        {
            loaded.Keep(token.Id!, token);
        }

        return token;
    }
}

using IdentityServer.Storage.Entities;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Storage.Tests;

/// <summary>Authorizations and tokens for the contracts that are about them.</summary>
public abstract class GrantContract(Database database) : StorageContract(database)
{
    protected static IOpenIddictTokenManager Tokens(IServiceProvider services) => services.GetRequiredService<IOpenIddictTokenManager>();

    protected static IOpenIddictAuthorizationManager Authorizations(IServiceProvider services) =>
        services.GetRequiredService<IOpenIddictAuthorizationManager>();

    protected async Task<(Client Client, Authorization Authorization)> AddGrantAsync(Action<Authorization>? adjust = null)
    {
        var client = await AddClientAsync();
        return (client, await AddAuthorizationAsync(client, adjust));
    }

    protected Task<Authorization> AddAuthorizationAsync(Client client, Action<Authorization>? adjust = null) =>
        CommittedAsync(async services =>
        {
            var authorization = new Authorization
            {
                ApplicationId = client.Id,
                CreationDate = Now.UtcDateTime,
                Status = Statuses.Valid,
                Subject = Guid.NewGuid().ToString(),
                Type = AuthorizationTypes.AdHoc,
            };
            adjust?.Invoke(authorization);
            await services.GetRequiredService<IOpenIddictAuthorizationStore<Authorization>>().CreateAsync(authorization, Cancel);
            return authorization;
        });

    protected Task<Token> AddTokenAsync() => AddTokenAsync(null, null);

    protected Task<Token> AddTokenAsync(Client? client, Authorization? authorization, Action<Token>? adjust = null) =>
        CommittedAsync(async services =>
        {
            var token = new Token
            {
                ApplicationId = client?.Id,
                AuthorizationId = authorization?.Id,
                CreationDate = Now.UtcDateTime,
                ExpirationDate = Now.AddHours(1).UtcDateTime,
                Status = Statuses.Valid,
                Subject = authorization?.Subject,
                Type = TokenTypeHints.AccessToken,
            };
            adjust?.Invoke(token);
            await services.GetRequiredService<IOpenIddictTokenStore<Token>>().CreateAsync(token, Cancel);
            return token;
        });

    protected Task<Token?> FindAsync(Token token) =>
        InScopeAsync(async services => (Token?)await Tokens(services).FindByIdAsync(token.Id!, Cancel));

    protected Task<Authorization?> FindAsync(Authorization authorization) =>
        InScopeAsync(async services => (Authorization?)await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel));
}

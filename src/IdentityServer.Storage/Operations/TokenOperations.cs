using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Stores;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage.Operations;

/// <summary>Guarded writes on tokens. Each joins the unit of work, or begins it; the request's end commits it.</summary>
public sealed class TokenOperations
{
    private readonly SqlRunner _sql;
    private readonly UnitOfWork _unit;
    private readonly LoadedRows<Token> _tokens;
    private readonly IOpenIddictTokenStore<Token> _store;

    internal TokenOperations(SqlRunner sql, UnitOfWork unit, LoadedRows<Token> tokens, IOpenIddictTokenStore<Token> store) =>
        (_sql, _unit, _tokens, _store) = (sql, unit, tokens, store);

    /// <summary>
    /// Redeems a token that is still valid. Of any number of requests with one token exactly one is told yes; OpenIddict's own
    /// redemption afterwards finds it done and writes nothing.
    /// </summary>
    /// <param name="id">The token's row.</param>
    /// <param name="now">The time, kept as its redemption date.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when it was redeemed or revoked before, or does not exist.</returns>
    public async Task<bool> TryRedeemAsync(string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await _unit.BeginAsync(cancellationToken);
        var redeem = _sql.OnPostgreSql ? TokenSql.RedeemOnPostgreSql : TokenSql.RedeemOnSqlite;
        if (await _sql.WriteAsync(redeem, [id, now.ToUnixTimeMilliseconds()], cancellationToken) == 0)
        {
            // What this scope has read of it is out of date.
            _tokens.Forget(id);
            return false;
        }

        if (_tokens.Find(id) is { } token)
        {
            token.Status = OpenIddictConstants.Statuses.Redeemed;
            token.RedemptionDate = now.UtcDateTime;
            token.Stored = TokenValues.Of(token);
        }

        return true;
    }

    /// <summary>Revokes an authorization and every live token of it: what a replay, or the end of a grant, leaves behind.</summary>
    /// <returns>How many tokens were revoked.</returns>
    public async Task<long> RevokeFamilyAsync(string authorizationId, CancellationToken cancellationToken) =>
        await _store.RevokeByAuthorizationIdAsync(authorizationId, cancellationToken);
}

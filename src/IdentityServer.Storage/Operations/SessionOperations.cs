using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Stores;

namespace IdentityServer.Storage.Operations;

/// <summary>Guarded writes on sessions and what hangs on them. Each joins the unit of work, or begins it.</summary>
public sealed class SessionOperations
{
    private readonly SqlRunner _sql;
    private readonly UnitOfWork _unit;
    private readonly LoadedRows<Token> _tokens;
    private readonly LoadedRows<Authorization> _authorizations;

    private readonly GuessBudgetOperations _budgets;

    internal SessionOperations(
        SqlRunner sql, UnitOfWork unit, GuessBudgetOperations budgets, LoadedRows<Token> tokens, LoadedRows<Authorization> authorizations) =>
        (_sql, _unit, _budgets, _tokens, _authorizations) = (sql, unit, budgets, tokens, authorizations);

    /// <summary>Begins the unit of work and holds the account's row, which comes before any of its sessions and tokens.</summary>
    public async Task BeginAsync(Guid userId, CancellationToken cancellationToken)
    {
        await _unit.BeginAsync(cancellationToken);
        await _budgets.HoldAsync(userId, cancellationToken);
    }

    /// <summary>Revokes what every client was given in a session: its authorizations and their live tokens.</summary>
    /// <returns>How many tokens were revoked.</returns>
    public async Task<int> RevokeTokensOfSessionAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        await _unit.BeginAsync(cancellationToken);
        _tokens.ForgetAll();
        _authorizations.ForgetAll();
        await _sql.WriteAsync(AuthorizationSql.RevokeBySession, [sessionId], cancellationToken);
        return await _sql.WriteAsync(TokenSql.RevokeBySession, [sessionId], cancellationToken);
    }

    /// <summary>Revokes what one client was given for a user, in all sessions.</summary>
    /// <returns>How many tokens were revoked.</returns>
    public async Task<int> RevokeTokensOfClientAsync(Guid userId, string clientRowId, CancellationToken cancellationToken)
    {
        await _unit.BeginAsync(cancellationToken);
        _tokens.ForgetAll();
        _authorizations.ForgetAll();
        await _sql.WriteAsync(AuthorizationSql.RevokeBySubjectAndApplication, [userId.ToString("D"), clientRowId], cancellationToken);
        return await _sql.WriteAsync(TokenSql.RevokeBySubjectAndApplication, [userId.ToString("D"), clientRowId], cancellationToken);
    }
}

using System.Runtime.CompilerServices;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace IdentityServer.Storage.Stores;

/// <summary>
/// OpenIddict's token store without EF's change tracking on the paths that every token request takes. Every write joins the unit of
/// work, or begins it. An update is guarded by the status that was read: of several that redeem one token, one succeeds.
/// </summary>
internal sealed partial class TokenStore(IdentityServerDbContext db, SqlRunner sql, UnitOfWork unit, LoadedRows<Token> tokens, LoadedRows<Authorization> authorizations)
    : IOpenIddictTokenStore<Token>
{
    public async ValueTask CreateAsync(Token token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        await unit.BeginAsync(cancellationToken);
        var bare = token is { Payload: null, Properties: null, RedemptionDate: null, ReferenceId: null };
        await sql.WriteAsync(
            bare ? TokenSql.InsertBare : TokenSql.Insert, bare ? TokenSql.BareValues(token) : TokenSql.InsertValues(token), cancellationToken);
        token.Stored = TokenValues.Of(token);
    }

    /// <exception cref="ConcurrencyException">The row is gone, or its status is no longer the one that was read.</exception>
    public async ValueTask UpdateAsync(Token token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        var stored = token.Stored ?? throw new InvalidOperationException("Only a token that this store has read or created can be updated.");
        var values = TokenValues.Of(token);
        if (values == stored)
        {
            return;
        }

        await unit.BeginAsync(cancellationToken);
        var rows = values with { Status = stored.Status, RedemptionDate = stored.RedemptionDate } == stored
            ? await sql.WriteAsync(
                TokenSql.UpdateStatus, [token.Id, stored.Status, token.Status, RowValues.Milliseconds(token.RedemptionDate)], cancellationToken)
            : await sql.WriteAsync(TokenSql.Update, TokenSql.UpdateValues(token, stored.Status), cancellationToken);
        if (rows == 0)
        {
            throw new ConcurrencyException("The token was changed or deleted after it was read.");
        }

        token.Stored = values;
    }

    /// <exception cref="ConcurrencyException">The row is gone already.</exception>
    public async ValueTask DeleteAsync(Token token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        await unit.BeginAsync(cancellationToken);
        if (await sql.WriteAsync(TokenSql.Delete, [token.Id], cancellationToken) == 0)
        {
            throw new ConcurrencyException("The token was deleted after it was read.");
        }
    }

    public ValueTask<Token?> FindByIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindOneAsync(TokenSql.ById, identifier, cancellationToken);

    public ValueTask<Token?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindOneAsync(TokenSql.ByReference, identifier, cancellationToken);

    public IAsyncEnumerable<Token> FindByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindManyAsync(TokenSql.ByAuthorization, identifier, cancellationToken);

    public IAsyncEnumerable<Token> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindManyAsync(TokenSql.ByApplication, identifier, cancellationToken);

    public IAsyncEnumerable<Token> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        FindManyAsync(TokenSql.BySubject, subject, cancellationToken);

    public async IAsyncEnumerable<Token> FindAsync(
        string? subject, string? client, string? status, string? type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = subject is not null
            ? FindBySubjectAsync(subject, cancellationToken)
            : ReadAsync(Matching(client, status, type), cancellationToken);
        await foreach (var token in found)
        {
            if ((client is null || token.ApplicationId == client) && (status is null || token.Status == status) &&
                (type is null || token.Type == type))
            {
                yield return token;
            }
        }
    }

    public async IAsyncEnumerable<Token> ListAsync(int? count, int? offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IQueryable<Token> query = db.Tokens.AsNoTracking().OrderBy(token => token.Id);
        query = offset is { } skipped ? query.Skip(skipped) : query;
        query = count is { } taken ? query.Take(taken) : query;
        await foreach (var token in ReadAsync(query, cancellationToken))
        {
            yield return token;
        }
    }

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(
        Func<IQueryable<Token>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query(db.Tokens.AsNoTracking(), state).AsAsyncEnumerable();
    }

    public async ValueTask<TResult?> GetAsync<TState, TResult>(
        Func<IQueryable<Token>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await query(db.Tokens.AsNoTracking(), state).FirstOrDefaultAsync(cancellationToken);
    }

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken) => await db.Tokens.LongCountAsync(cancellationToken);

    public async ValueTask<long> CountAsync<TResult>(Func<IQueryable<Token>, IQueryable<TResult>> query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await query(db.Tokens.AsNoTracking()).LongCountAsync(cancellationToken);
    }

    /// <summary>Deletes tokens that expired before the threshold. Redeemed ones stay until then: a replay must be recognised.</summary>
    public ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken) =>
        WriteManyAsync(TokenSql.Prune, threshold.ToUnixTimeMilliseconds(), cancellationToken);

    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken)
    {
        await unit.BeginAsync(cancellationToken);
        tokens.ForgetAll();
        var matching = Matching(client, status, type);
        if (status is null)
        {
            matching = matching.Where(token => token.Status == OpenIddictConstants.Statuses.Valid || token.Status == OpenIddictConstants.Statuses.Inactive);
        }

        if (subject is null)
        {
            return await Revoke(matching);
        }

        var bySubject = matching.Where(token => token.Subject == subject);
        var its = db.Authorizations.Where(authorization => authorization.Subject == subject).Select(authorization => authorization.Id);
        return await Revoke(bySubject.Where(token => its.Contains(token.AuthorizationId))) +
            await Revoke(bySubject.Where(token => token.AuthorizationId == null));

        Task<int> Revoke(IQueryable<Token> revoked) => revoked.ExecuteUpdateAsync(
            setters => setters.SetProperty(token => token.Status, OpenIddictConstants.Statuses.Revoked), cancellationToken);
    }

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken = default) =>
        WriteManyAsync(TokenSql.RevokeByApplication, identifier, cancellationToken);

    /// <summary>
    /// Revokes what hangs on the authorization, and the authorization with it: a token that a concurrent request adds a moment later
    /// would otherwise outlive the replay that was found.
    /// </summary>
    public async ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken)
    {
        await unit.BeginAsync(cancellationToken);
        authorizations.ForgetAll();
        await sql.WriteAsync(AuthorizationSql.RevokeById, [identifier], cancellationToken);
        return await WriteManyAsync(TokenSql.RevokeByAuthorization, identifier, cancellationToken);
    }

    public async ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken = default) =>
        await WriteManyAsync(TokenSql.RevokeBySubject, subject, cancellationToken) +
        await WriteManyAsync(TokenSql.RevokeLooseBySubject, subject, cancellationToken);

    private async ValueTask<Token?> FindOneAsync(SqlText statement, string identifier, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        Authorization? authorization = null;
        var token = await sql.ReadOneAsync(statement, [identifier], row =>
        {
            authorization = row.IsDBNull(TokenSql.Width) ? null : AuthorizationSql.Read(row, TokenSql.Width);
            return TokenSql.Read(row);
        }, cancellationToken);
        if (authorization is not null && authorizations.Find(authorization.Id!) is null)
        {
            authorizations.Keep(authorization.Id!, authorization);
        }

        return token;
    }

    private async IAsyncEnumerable<Token> FindManyAsync(
        SqlText statement, string identifier, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        foreach (var token in await sql.ReadAsync(statement, [identifier], TokenSql.Read, cancellationToken))
        {
            yield return token;
        }
    }

    private IQueryable<Token> Matching(string? client, string? status, string? type)
    {
        var query = db.Tokens.AsNoTracking();
        query = client is null ? query : query.Where(token => token.ApplicationId == client);
        query = status is null ? query : query.Where(token => token.Status == status);
        return type is null ? query : query.Where(token => token.Type == type);
    }

    private static async IAsyncEnumerable<Token> ReadAsync(IQueryable<Token> query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var token in await query.ToListAsync(cancellationToken))
        {
            token.Stored = TokenValues.Of(token);
            yield return token;
        }
    }

    private async ValueTask<long> WriteManyAsync(SqlText statement, object value, CancellationToken cancellationToken)
    {
        await unit.BeginAsync(cancellationToken);
        tokens.ForgetAll();
        return await sql.WriteAsync(statement, [value], cancellationToken);
    }
}

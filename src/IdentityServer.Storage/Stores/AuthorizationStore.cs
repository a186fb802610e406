using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace IdentityServer.Storage.Stores;

/// <summary>
/// OpenIddict's authorization store without EF's change tracking on the paths that every token request takes; transaction and
/// guarding as in <see cref="TokenStore"/>.
/// </summary>
internal sealed partial class AuthorizationStore(
    IdentityServerDbContext db, SqlRunner sql, UnitOfWork unit, LoadedRows<Authorization> authorizations, LoadedRows<Token> tokens)
    : IOpenIddictAuthorizationStore<Authorization>
{
    public async ValueTask CreateAsync(Authorization authorization, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(authorization);
        await unit.BeginAsync(cancellationToken);
        await sql.WriteAsync(AuthorizationSql.Insert, AuthorizationSql.InsertValues(authorization), cancellationToken);
        authorization.Stored = AuthorizationValues.Of(authorization);
    }

    /// <exception cref="ConcurrencyException">The row is gone, or its status is no longer the one that was read.</exception>
    public async ValueTask UpdateAsync(Authorization authorization, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(authorization);
        var stored = authorization.Stored ??
            throw new InvalidOperationException("Only an authorization that this store has read or created can be updated.");
        var values = AuthorizationValues.Of(authorization);
        if (values == stored)
        {
            return;
        }

        await unit.BeginAsync(cancellationToken);
        var guarded = AuthorizationSql.UpdateValues(authorization, stored.Status);
        if (await sql.WriteAsync(AuthorizationSql.Update, guarded, cancellationToken) == 0)
        {
            throw new ConcurrencyException("The authorization was changed or deleted after it was read.");
        }

        authorization.Stored = values;
    }

    /// <summary>Deletes the authorization and its tokens.</summary>
    /// <exception cref="ConcurrencyException">The row is gone already.</exception>
    public async ValueTask DeleteAsync(Authorization authorization, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(authorization);
        await unit.BeginAsync(cancellationToken);
        tokens.ForgetAll();
        await sql.WriteAsync(AuthorizationSql.DeleteTokens, [authorization.Id], cancellationToken);
        if (await sql.WriteAsync(AuthorizationSql.Delete, [authorization.Id], cancellationToken) == 0)
        {
            throw new ConcurrencyException("The authorization was deleted after it was read.");
        }
    }

    public async ValueTask<Authorization?> FindByIdAsync(string identifier, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        return await sql.ReadOneAsync(AuthorizationSql.ById, [identifier], AuthorizationSql.Read, cancellationToken);
    }

    public IAsyncEnumerable<Authorization> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindManyAsync(AuthorizationSql.ByApplication, identifier, cancellationToken);

    public IAsyncEnumerable<Authorization> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        FindManyAsync(AuthorizationSql.BySubject, subject, cancellationToken);

    public async IAsyncEnumerable<Authorization> FindAsync(
        string? subject, string? client, string? status, string? type, ImmutableArray<string>? scopes,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var authorization in ReadAsync(Matching(subject, client, status, type), cancellationToken))
        {
            if (scopes is not { IsDefaultOrEmpty: false } wanted || wanted.All(StoredJson.ReadScopes(authorization.Scopes).Contains))
            {
                yield return authorization;
            }
        }
    }

    public async IAsyncEnumerable<Authorization> ListAsync(
        int? count, int? offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IQueryable<Authorization> query = db.Authorizations.AsNoTracking().OrderBy(authorization => authorization.Id);
        query = offset is { } skipped ? query.Skip(skipped) : query;
        query = count is { } taken ? query.Take(taken) : query;
        await foreach (var authorization in ReadAsync(query, cancellationToken))
        {
            yield return authorization;
        }
    }

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(
        Func<IQueryable<Authorization>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query(db.Authorizations.AsNoTracking(), state).AsAsyncEnumerable();
    }

    public async ValueTask<TResult?> GetAsync<TState, TResult>(
        Func<IQueryable<Authorization>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await query(db.Authorizations.AsNoTracking(), state).FirstOrDefaultAsync(cancellationToken);
    }

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken) => await db.Authorizations.LongCountAsync(cancellationToken);

    public async ValueTask<long> CountAsync<TResult>(
        Func<IQueryable<Authorization>, IQueryable<TResult>> query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return await query(db.Authorizations.AsNoTracking()).LongCountAsync(cancellationToken);
    }

    /// <summary>Deletes authorizations made before the threshold that nothing hangs on any more: no token, and no session.</summary>
    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken)
    {
        await unit.BeginAsync(cancellationToken);
        authorizations.ForgetAll();
        var before = threshold.UtcDateTime;
        return await db.Authorizations
            .Where(authorization => authorization.CreationDate < before
                && !db.Tokens.Any(token => token.AuthorizationId == authorization.Id)
                && !db.AuthenticationSessions.Any(session => session.Id == authorization.SessionId))
            .ExecuteDeleteAsync(cancellationToken);
    }

    public async ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken)
    {
        await unit.BeginAsync(cancellationToken);
        authorizations.ForgetAll();
        return await Matching(subject, client, status, type)
            .Where(authorization => authorization.Status != OpenIddictConstants.Statuses.Revoked)
            .ExecuteUpdateAsync(
                setters => setters.SetProperty(authorization => authorization.Status, OpenIddictConstants.Statuses.Revoked), cancellationToken);
    }

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        RevokeManyAsync(AuthorizationSql.RevokeByApplication, identifier, cancellationToken);

    public ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        RevokeManyAsync(AuthorizationSql.RevokeBySubject, subject, cancellationToken);

    private IQueryable<Authorization> Matching(string? subject, string? client, string? status, string? type)
    {
        var query = db.Authorizations.AsNoTracking();
        query = subject is null ? query : query.Where(authorization => authorization.Subject == subject);
        query = client is null ? query : query.Where(authorization => authorization.ApplicationId == client);
        query = status is null ? query : query.Where(authorization => authorization.Status == status);
        return type is null ? query : query.Where(authorization => authorization.Type == type);
    }

    private async IAsyncEnumerable<Authorization> FindManyAsync(
        SqlText statement, string value, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        foreach (var authorization in await sql.ReadAsync(statement, [value], AuthorizationSql.Read, cancellationToken))
        {
            yield return authorization;
        }
    }

    private static async IAsyncEnumerable<Authorization> ReadAsync(
        IQueryable<Authorization> query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var authorization in await query.ToListAsync(cancellationToken))
        {
            authorization.Stored = AuthorizationValues.Of(authorization);
            yield return authorization;
        }
    }

    private async ValueTask<long> RevokeManyAsync(SqlText statement, string value, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        await unit.BeginAsync(cancellationToken);
        authorizations.ForgetAll();
        return await sql.WriteAsync(statement, [value], cancellationToken);
    }
}

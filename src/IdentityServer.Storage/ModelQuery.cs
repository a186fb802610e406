using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace IdentityServer.Storage;

/// <summary>
/// Compiled queries that may be kept in static fields. EF ties a compiled query to the first model it runs on, and a process may hold
/// one on SQLite beside one on PostgreSQL; here each model gets its own.
/// </summary>
public static class ModelQuery
{
    /// <summary>As <c>EF.CompileAsyncQuery</c>, for a query with one parameter.</summary>
    public static Func<IdentityServerDbContext, T, Task<TResult>> Compile<T, TResult>(Expression<Func<IdentityServerDbContext, T, TResult>> query)
    {
        var compiled = new ConditionalWeakTable<IModel, Func<IdentityServerDbContext, T, Task<TResult>>>();
        return (db, value) => compiled.GetValue(db.Model, _ => EF.CompileAsyncQuery(query))(db, value);
    }

    /// <summary>The same, with a token that stops waiting; the expression does not use it.</summary>
    public static Func<IdentityServerDbContext, T, CancellationToken, Task<TResult>> Compile<T, TResult>(
        Expression<Func<IdentityServerDbContext, T, CancellationToken, TResult>> query)
    {
        var compiled = new ConditionalWeakTable<IModel, Func<IdentityServerDbContext, T, CancellationToken, Task<TResult>>>();
        return (db, value, cancellationToken) => compiled.GetValue(db.Model, _ => EF.CompileAsyncQuery(query))(db, value, cancellationToken);
    }
}

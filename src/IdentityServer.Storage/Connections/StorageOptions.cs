using System.Data.Common;
using IdentityServer.Storage.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Npgsql;

namespace IdentityServer.Storage.Connections;

/// <summary>How contexts reach the database.</summary>
internal static class StorageOptions
{
    public static DbContextOptions<TContext> For<TContext>(StorageSettings settings)
        where TContext : DbContext
    {
        var builder = new DbContextOptionsBuilder<TContext>();
        Apply(builder, settings);
        return builder.Options;
    }

    /// <summary>Puts them into a context's options.</summary>
    /// <param name="builder">What they are put into.</param>
    /// <param name="settings">Which database, and where.</param>
    /// <param name="compiledModel">False to build the model from the mappings, as a test does that compares the two.</param>
    public static void Apply(DbContextOptionsBuilder builder, StorageSettings settings, bool compiledModel = true)
    {
        // One scope uses one context from one thread at a time; the check for it costs more than most of our queries.
        builder.EnableThreadSafetyChecks(false).EnableSensitiveDataLogging(false).EnableDetailedErrors(false);
        builder.AddInterceptors(FailureWatch.Instance);

        // OpenIddict maps a column that our mappings take out again on purpose.
        builder.ConfigureWarnings(warnings => warnings.Ignore(CoreEventId.MappedPropertyIgnoredWarning));
        if (settings.Provider == StorageProvider.Sqlite)
        {
            builder.UseSqlite(Sqlite(settings.ConnectionString));
#pragma warning disable EF1001 // See KeptSqliteConnection.
            builder.ReplaceService<ISqliteRelationalConnection, KeptSqliteConnection>();
#pragma warning restore EF1001
        }
        else
        {
            UsePostgreSql(builder, settings);
        }

        if (compiledModel && MigrationContext.CompiledModel(settings.Provider) is { } model)
        {
            builder.UseModel(model);
        }
    }

    // Apart, so that its driver is not loaded where SQLite is used.
    private static void UsePostgreSql(DbContextOptionsBuilder builder, StorageSettings settings) =>
        builder.UseNpgsql(PostgreSql(settings.ConnectionString)).AddInterceptors(LostConnections.Instance);

    /// <summary>The connection string of a SQLite file, with our defaults.</summary>
    public static string Sqlite(string connectionString) =>

        // Contexts keep their connection open; a second pool beneath them would only hold files open after they are gone.
        new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    /// <summary>A connection that cannot write, still closed: opening it makes no file.</summary>
    public static DbConnection SqliteReader(StorageSettings settings) => new SqliteConnection(
        new SqliteConnectionStringBuilder(settings.ConnectionString) { Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ConnectionString);

    /// <summary>A connection that belongs to no context, still closed, out of the same pool as those of the contexts.</summary>
    public static DbConnection PostgreSqlConnection(StorageSettings settings) => new NpgsqlConnection(PostgreSql(settings.ConnectionString));

    private static string PostgreSql(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        void Default(string keyword, object value)
        {
            if (!builder.ShouldSerialize(keyword))
            {
                builder[keyword] = value;
            }
        }

        // PostgreSQL prepares each statement once per connection, and we have fewer statements than this.
        Default("Max Auto Prepare", 100);
        Default("Auto Prepare Min Usages", 2);

        // A database that falls silent fails a request within seconds, instead of holding it, and a connection, for a minute.
        Default("Timeout", 5);
        Default("Command Timeout", 10);

        // PostgreSQL's own default is a hundred connections in all: three nodes fit. Beyond that requests wait for one.
        Default("Maximum Pool Size", 30);
        Default("Application Name", "IdentityServer");

        // Nothing here changes a session's settings, so there is nothing to reset when a connection goes back to the pool.
        Default("No Reset On Close", true);
        return builder.ConnectionString;
    }
}

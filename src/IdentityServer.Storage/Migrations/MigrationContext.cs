using System.Reflection;
using IdentityServer.Storage.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace IdentityServer.Storage.Migrations;

/// <summary>
/// The same model once per database, so that each has its own migrations and snapshot. Only migrating and the design-time tools use
/// these; the program works with <see cref="IdentityServerDbContext"/>.
/// </summary>
internal static class MigrationContext
{
    private const string Instance = "Instance";

    /// <summary>
    /// The model as code that <c>compile-models.sh</c> made of the mappings, for contexts of any type; null while there is none, as when
    /// the script makes it anew.
    /// </summary>
    public static IModel? CompiledModel(StorageProvider provider)
    {
        var context = provider == StorageProvider.Sqlite ? typeof(SqliteMigrationContext) : typeof(PostgreSqlMigrationContext);
        var compiled = typeof(MigrationContext).Assembly.GetCustomAttributes<DbContextModelAttribute>()
            .SingleOrDefault(attribute => attribute.ContextType == context);
        return (IModel?)compiled?.ModelType.GetProperty(Instance)?.GetValue(null);
    }

    public static IdentityServerDbContext Create(StorageSettings settings) => settings.Provider switch
    {
        StorageProvider.Sqlite => new SqliteMigrationContext(StorageOptions.For<SqliteMigrationContext>(settings)),
        _ => new PostgreSqlMigrationContext(StorageOptions.For<PostgreSqlMigrationContext>(settings)),
    };
}

internal sealed class SqliteMigrationContext(DbContextOptions<SqliteMigrationContext> options) : IdentityServerDbContext(options);

internal sealed class PostgreSqlMigrationContext(DbContextOptions<PostgreSqlMigrationContext> options) : IdentityServerDbContext(options);

/// <summary>For <c>dotnet ef</c>: making a migration needs the provider, not a database.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteMigrationContext>
{
    public SqliteMigrationContext CreateDbContext(string[] args) =>
        new(StorageOptions.For<SqliteMigrationContext>(new(StorageProvider.Sqlite, "Data Source=:memory:")));
}

/// <inheritdoc cref="SqliteDesignTimeFactory"/>
internal sealed class PostgreSqlDesignTimeFactory : IDesignTimeDbContextFactory<PostgreSqlMigrationContext>
{
    public PostgreSqlMigrationContext CreateDbContext(string[] args) =>
        new(StorageOptions.For<PostgreSqlMigrationContext>(new(StorageProvider.PostgreSql, "Host=localhost")));
}

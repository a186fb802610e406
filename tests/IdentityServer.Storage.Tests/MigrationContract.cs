using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class MigrationContract(Database database) : StorageContract(database)
{
    [Fact]
    public async Task Migrations_bring_an_empty_database_to_the_model()
    {
        var migrator = new StorageMigrator(await Database.CreateAsync());
        (await migrator.PendingMigrationsAsync(Cancel)).ShouldNotBeEmpty();

        await migrator.MigrateAsync(Cancel);

        (await migrator.PendingMigrationsAsync(Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Migrating_twice_changes_nothing()
    {
        await AddUserAsync();

        await new StorageMigrator(Database.Settings).MigrateAsync(Cancel);

        await InScopeAsync(async services =>
            (await services.GetRequiredService<IdentityServerDbContext>().Users.CountAsync(Cancel)).ShouldBeGreaterThan(0));
    }

    [Fact]
    public async Task Nodes_that_start_together_migrate_once()
    {
        var migrator = new StorageMigrator(await Database.CreateAsync());

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => migrator.MigrateAsync(Cancel), Cancel)));

        (await migrator.PendingMigrationsAsync(Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public void The_model_has_no_change_that_a_migration_lacks()
    {
        using var context = MigrationContext.Create(Database.Settings);

        context.Database.HasPendingModelChanges().ShouldBeFalse();
    }

    [Fact]
    public void Every_migration_is_looked_for_at_the_start()
    {
        using var context = MigrationContext.Create(Database.Settings);

        MigrationHistory.Names(Database.Settings.Provider).ShouldBe(context.Database.GetMigrations(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_database_is_complete_only_when_it_has_seen_every_migration()
    {
        var settings = await Database.CreateAsync();
        (await MigrationHistory.IsCompleteAsync(settings, patience: null, Cancel)).ShouldBeFalse();
        await new StorageMigrator(settings).MigrateAsync(Cancel);
        (await MigrationHistory.IsCompleteAsync(settings, patience: null, Cancel)).ShouldBeTrue();
        await using (var context = MigrationContext.Create(settings))
        {
            await context.Database.ExecuteSqlRawAsync("""UPDATE "__EFMigrationsHistory" SET "MigrationId" = 'another'""", Cancel);
        }

        (await MigrationHistory.IsCompleteAsync(settings, patience: null, Cancel)).ShouldBeFalse();
    }

    [Fact]
    public void The_compiled_model_is_what_the_mappings_say()
    {
        using var compiled = new IdentityServerDbContext(StorageOptions.For<IdentityServerDbContext>(Database.Settings));
        var builder = new DbContextOptionsBuilder<IdentityServerDbContext>();
        StorageOptions.Apply(builder, Database.Settings, compiledModel: false);
        using var built = new IdentityServerDbContext(builder.Options);

        compiled.Model.ShouldBeSameAs(MigrationContext.CompiledModel(Database.Settings.Provider));
        Describe(compiled).ShouldBe(Describe(built), "Run src/IdentityServer.Storage/Migrations/compile-models.sh.");

        static string Describe(IdentityServerDbContext context) => context.Model.ToDebugString(MetadataDebugStringOptions.LongDefault);
    }

    [Fact]
    public async Task Every_table_that_the_model_names_can_be_read() => await InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        await db.Database.OpenConnectionAsync(Cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        foreach (var entity in db.Model.GetEntityTypes())
        {
            var columns = entity.GetProperties().Select(property => $"\"{property.GetColumnName()}\"");
            command.CommandText = $"SELECT {string.Join(", ", columns)} FROM \"{entity.GetTableName()}\" LIMIT 1";
            await command.ExecuteScalarAsync(Cancel);
        }
    });
}

public sealed class MigrationsOnSqlite(SqliteDatabase database) : MigrationContract(database), IClassFixture<SqliteDatabase>
{
    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("foreign_keys", "1")]
    [InlineData("busy_timeout", "5000")]
    public async Task A_connection_is_durable_and_keeps_references(string pragma, string value) => await InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        await db.Database.OpenConnectionAsync(Cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {pragma}";
        var found = await command.ExecuteScalarAsync(Cancel);
        found!.ToString().ShouldBe(value);
    });
}

public sealed class MigrationsOnPostgreSql(PostgreSqlDatabase database) : MigrationContract(database), IClassFixture<PostgreSqlDatabase>;

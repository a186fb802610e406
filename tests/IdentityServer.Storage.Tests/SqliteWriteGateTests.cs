using System.Data.Common;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>On SQLite all of a program's units of work write over one connection.</summary>
public sealed class SqliteWriteGateTests(SqliteDatabase database) : StorageContract(database), IClassFixture<SqliteDatabase>
{
    [Fact]
    public async Task Units_of_work_share_a_connection_and_contexts_have_their_own_again_afterwards()
    {
        var (first, second) = (await InUnitAsync(WriteAsync), await InUnitAsync(WriteAsync));

        second.ShouldBeSameAs(first);
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var own = db.Database.GetDbConnection();
            own.ShouldNotBeSameAs(first);
            await InUnitAsync(services, WriteAsync);
            db.Database.GetDbConnection().ShouldBeSameAs(own);
            (await db.AuditEvents.CountAsync(Cancel)).ShouldBeGreaterThanOrEqualTo(3);
        });
    }

    [Fact]
    public async Task A_unit_that_is_left_uncommitted_hands_on_the_connection_with_nothing_under_way()
    {
        DbConnection? left = null;
        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            left = services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection();
            await WriteAsync(services);
        });

        (await InUnitAsync(WriteAsync)).ShouldBeSameAs(left);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_unit_that_a_constraint_voided_hands_on_the_connection_with_nothing_under_way()
    {
        DbConnection? voided = null;
        await Should.ThrowAsync<DbUpdateException>(InUnitAsync(async services =>
        {
            voided = services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection();
            await WriteAsync(services);
            await WriteAsync(services, "the same", 2);
        }));

        (await InUnitAsync(WriteAsync)).ShouldBeSameAs(voided);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_whose_transaction_SQLite_ended_by_itself_is_used_no_more()
    {
        DbConnection? ended = null;
        await Should.ThrowAsync<DbException>(InUnitAsync(async services =>
        {
            ended = services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection();
            await WriteAsync(services);
            await using var command = ended.CreateCommand();
            command.CommandText = "ROLLBACK"; // as SQLite does when the disk fails
            await command.ExecuteNonQueryAsync(Cancel);
        }));

        (await InUnitAsync(WriteAsync)).ShouldNotBeSameAs(ended);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_statement_alone_that_was_cancelled_leaves_the_connection_in_place()
    {
        var before = await InUnitAsync(WriteAsync);
        await InScopeAsync(services => Should.ThrowAsync<OperationCanceledException>(
            services.GetRequiredService<CounterOperations>().ReadAsync("any", TimeSpan.FromHours(1), Now, new CancellationToken(canceled: true))));

        (await InUnitAsync(WriteAsync)).ShouldBeSameAs(before);
    }

    [Fact]
    public async Task A_query_beside_an_open_unit_is_answered_at_once_with_the_last_commit()
    {
        await SpendAsync(Node);
        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await SpendAsync(services);
            Node.GetRequiredService<SqliteWriteGate>().TryEnter().ShouldBeNull();

            (await InScopeAsync(ReadAsync).WaitAsync(TimeSpan.FromSeconds(10), Cancel)).ShouldBe(1);
        });

        (await InScopeAsync(ReadAsync)).ShouldBe(1);
        using var turn = Node.GetRequiredService<SqliteWriteGate>().TryEnter();
        turn.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_write_alone_waits_for_the_open_unit_and_shares_nothing_with_it()
    {
        Task waiting = Task.CompletedTask;
        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await SpendAsync(services);
            waiting = SpendAsync(Node);
            waiting.IsCompleted.ShouldBeFalse();
        });

        await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        (await InScopeAsync(ReadAsync)).ShouldBe(1);
    }

    [Fact]
    public async Task A_save_that_finds_its_row_gone_leaves_the_way_free_for_the_next()
    {
        await Should.ThrowAsync<DbUpdateConcurrencyException>(InScopeAsync(RemoveMissingAsync));

        await InUnitAsync(WriteAsync).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task The_writers_connection_is_closed_with_the_program()
    {
        var settings = new StorageSettings(StorageProvider.Sqlite, $"Data Source={Path.Combine(Path.GetTempPath(), $"{_name}.db")}");
        var file = new SqliteConnectionStringBuilder(settings.ConnectionString).DataSource;
        await new StorageMigrator(settings).MigrateAsync(Cancel);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddIdentityServerStorage(settings);
        services.AddOpenIddict().AddCore(builder => builder.UseIdentityServerStores());
        await using (var node = services.BuildServiceProvider(validateScopes: true))
        {
            await SpendAsync(node);
            File.Exists(file + "-wal").ShouldBeTrue();
        }

        // SQLite takes its log away with the last connection, and nobody else had one here.
        File.Exists(file + "-wal").ShouldBeFalse();
        File.Delete(file);
    }

    [Fact]
    public async Task A_turn_that_is_disposed_twice_lets_one_in()
    {
        var gate = Node.GetRequiredService<SqliteWriteGate>();
        var turn = await gate.EnterAsync(Cancel);
        turn!.Dispose();
        turn.Dispose();

        using var one = gate.TryEnter();
        one.ShouldNotBeNull();
        gate.TryEnter().ShouldBeNull();
        Should.Throw<ObjectDisposedException>(() => turn.Connection);
    }

    [Fact]
    public async Task A_unit_whose_caller_went_away_is_undone()
    {
        using var caller = new CancellationTokenSource();
        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services);
            await caller.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(unit.CommitAsync(caller.Token));
            unit.IsOpen.ShouldBeFalse();
        });

        (await CountAsync()).ShouldBe(0);
    }

    private readonly string _name = Guid.NewGuid().ToString("N");

    private async Task SpendAsync(ServiceProvider node) => await InScopeAsync(node, async services =>
    {
        await SpendAsync(services);
        return true;
    });

    private async Task SpendAsync(IServiceProvider services) =>
        await services.GetRequiredService<CounterOperations>().TrySpendAsync(_name, TimeSpan.FromHours(1), 10, Now, Cancel);

    private Task<int> ReadAsync(IServiceProvider services) =>
        services.GetRequiredService<CounterOperations>().ReadAsync(_name, TimeSpan.FromHours(1), Now, Cancel);

    private static async Task RemoveMissingAsync(IServiceProvider services)
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.Remove(new AuditEvent { Id = Guid.CreateVersion7(), At = Now, Name = "never written" });
        await db.SaveChangesAsync(Cancel);
    }

    private Task<DbConnection> InUnitAsync(Func<IServiceProvider, Task> work) => InScopeAsync(services => InUnitAsync(services, work));

    private static Task<DbConnection> InUnitAsync(IServiceProvider services, Func<IServiceProvider, Task> work) =>
        services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            async () =>
            {
                await work(services);
                return services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection();
            },
            Cancel);

    private Task WriteAsync(IServiceProvider services) => WriteAsync(services, Guid.NewGuid().ToString("N"), 1);

    private async Task WriteAsync(IServiceProvider services, string key, int times)
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        for (var time = 0; time < times; time++)
        {
            db.ChangeTracker.Clear();
            db.AuditEvents.Add(new AuditEvent { Id = Id(key), At = Now, Name = _name });
            await db.SaveChangesAsync(Cancel);
        }
    }

    private static Guid Id(string key) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key)).AsSpan(0, 16));

    private Task<int> CountAsync() => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().AuditEvents.CountAsync(entry => entry.Name == _name, Cancel));
}

using System.Data.Common;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
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
    public async Task A_connection_on_which_a_statement_failed_is_used_no_more()
    {
        DbConnection? failed = null;
        await Should.ThrowAsync<DbUpdateException>(InUnitAsync(async services =>
        {
            failed = services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection();
            await WriteAsync(services);
            await WriteAsync(services, "the same", 2);
        }));

        (await InUnitAsync(WriteAsync)).ShouldNotBeSameAs(failed);
        (await CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_query_takes_the_writers_turn_only_when_nobody_has_it()
    {
        var gate = Node.GetRequiredService<SqliteWriteGate>();
        using (var free = gate.TryEnter())
        {
            free.ShouldNotBeNull();
            gate.TryEnter().ShouldBeNull();
        }

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            gate.TryEnter().ShouldBeNull();
        });
        using var afterwards = gate.TryEnter();
        afterwards.ShouldNotBeNull();
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

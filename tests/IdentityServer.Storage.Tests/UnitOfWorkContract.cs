using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class UnitOfWorkContract(Database database) : StorageContract(database)
{
    [Fact]
    public async Task What_is_committed_is_seen_by_a_fresh_scope()
    {
        var name = NewName();

        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, name);
            unit.IsOpen.ShouldBeTrue();
            await unit.CommitAsync(Cancel);
            unit.IsOpen.ShouldBeFalse();
        });

        (await ExistsAsync(name)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_waits_for_the_commit_is_done_after_it_once_and_never_after_a_rollback() => await InScopeAsync(async services =>
    {
        var (unit, done) = (services.GetRequiredService<UnitOfWork>(), new List<string>());
        Should.Throw<InvalidOperationException>(() => unit.AfterCommit(() => done.Add("without a unit")));

        await unit.BeginAsync(Cancel);
        unit.AfterCommit(() => done.Add("undone"));
        await unit.RollbackAsync(Cancel);
        var name = NewName();
        await unit.BeginAsync(Cancel);
        await WriteAsync(services, name);
        unit.AfterCommit(() => done.Add(unit.IsOpen ? "too early" : "committed"));
        done.ShouldBeEmpty();
        await unit.CommitAsync(Cancel);
        await unit.BeginAsync(Cancel);
        await unit.CommitAsync(Cancel);

        done.ShouldBe(["committed"]);
    });

    [Fact]
    public async Task What_is_not_committed_goes_with_its_scope()
    {
        var name = NewName();

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await WriteAsync(services, name);
        });

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_rollback_undoes_and_a_new_unit_can_begin()
    {
        var (undone, kept) = (NewName(), NewName());

        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, undone);
            await unit.RollbackAsync(Cancel);
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, kept);
            await unit.CommitAsync(Cancel);
        });

        (await ExistsAsync(undone)).ShouldBeFalse();
        (await ExistsAsync(kept)).ShouldBeTrue();
    }

    [Fact]
    public async Task Beginning_twice_is_one_transaction()
    {
        var name = NewName();

        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, name);
            await unit.BeginAsync(Cancel);
            await unit.RollbackAsync(Cancel);
        });

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task Committing_or_rolling_back_nothing_does_nothing() => await InScopeAsync(async services =>
    {
        var unit = services.GetRequiredService<UnitOfWork>();
        await unit.CommitAsync(Cancel);
        await unit.RollbackAsync(Cancel);
        unit.IsOpen.ShouldBeFalse();
    });

    [Fact]
    public async Task Work_in_its_own_transaction_is_committed_when_it_returns()
    {
        var name = NewName();

        var answer = await InScopeAsync(services => services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            async () =>
            {
                await WriteAsync(services, name);
                return 42;
            },
            Cancel));

        answer.ShouldBe(42);
        (await ExistsAsync(name)).ShouldBeTrue();
    }

    [Fact]
    public async Task Work_in_its_own_transaction_is_undone_when_it_throws()
    {
        var name = NewName();

        await Should.ThrowAsync<TimeZoneNotFoundException>(InScopeAsync(services =>
            services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync<int>(
                async () =>
                {
                    await WriteAsync(services, name);
                    throw new TimeZoneNotFoundException();
                },
                Cancel)));

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task Work_in_its_own_transaction_refuses_to_join_another() => await InScopeAsync(async services =>
    {
        var unit = services.GetRequiredService<UnitOfWork>();
        await unit.BeginAsync(Cancel);

        await Should.ThrowAsync<InvalidOperationException>(() => unit.InOwnTransactionAsync(() => Task.FromResult(1), Cancel));
    });

    [Fact]
    public async Task Writers_of_two_nodes_all_get_their_turn()
    {
        var name = NewName();

        await RaceAsync(
            60,
            async services =>
            {
                var unit = services.GetRequiredService<UnitOfWork>();
                await unit.BeginAsync(Cancel);
                await WriteAsync(services, name);
                await unit.CommitAsync(Cancel);
                return true;
            },
            Node,
            StartNode());

        (await CountAsync(name)).ShouldBe(60);
    }

    [Fact]
    public async Task A_save_that_fails_leaves_the_way_free_for_the_next()
    {
        var user = await AddUserAsync();
        await Should.ThrowAsync<DbUpdateException>(InScopeAsync(services => SaveDuplicateAsync(services, user)));
        await Should.ThrowAsync<DbUpdateException>(InScopeAsync(services =>
            services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(() => SaveDuplicateAsync(services, user), Cancel)));
        var name = NewName();

        await InScopeAsync(services => WriteAsync(services, name)).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        (await ExistsAsync(name)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_unit_in_which_a_statement_failed_is_never_said_to_be_committed()
    {
        var user = await AddUserAsync();
        var name = NewName();

        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, name);
            await Should.ThrowAsync<DbUpdateException>(SaveDuplicateAsync(services, user));

            await Should.ThrowAsync<InvalidOperationException>(unit.CommitAsync(Cancel));
            unit.IsOpen.ShouldBeFalse();
        });

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_more_is_written_in_a_unit_in_which_a_statement_failed()
    {
        var user = await AddUserAsync();
        var name = NewName();

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await Should.ThrowAsync<DbUpdateException>(SaveDuplicateAsync(services, user));
            services.GetRequiredService<IdentityServerDbContext>().ChangeTracker.Clear();

            // PostgreSQL would refuse it too; here nothing reaches the database.
            (await Should.ThrowAsync<Exception>(WriteAsync(services, name))).ToString().ShouldContain("nothing more is written");
            await Should.ThrowAsync<InvalidOperationException>(services.GetRequiredService<CounterOperations>().TrySpendAsync(
                name, TimeSpan.FromHours(1), 10, Now, Cancel));
        });

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_unit_that_found_a_row_gone_is_never_said_to_be_committed() => await InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        var unit = services.GetRequiredService<UnitOfWork>();
        await unit.BeginAsync(Cancel);
        db.Remove(new AuditEvent { Id = Guid.CreateVersion7(), At = Now, Name = "never written" });
        await Should.ThrowAsync<DbUpdateConcurrencyException>(db.SaveChangesAsync(Cancel));

        await Should.ThrowAsync<InvalidOperationException>(unit.CommitAsync(Cancel));
    });

    [Fact]
    public async Task Saves_of_many_rows_and_changes_in_bulk_share_the_fate_of_the_unit()
    {
        var (kept, added, renamed) = (NewName(), NewName(), NewName());
        await InScopeAsync(services => WriteAsync(services, kept));

        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            db.InUnitOfWork.ShouldBeTrue();
            db.AuditEvents.AddRange(
                Enumerable.Range(0, 5).Select(_ => new AuditEvent { Id = Guid.CreateVersion7(), At = Now, Name = added }));
            await db.SaveChangesAsync(Cancel);
            await db.AuditEvents.Where(entry => entry.Name == kept).ExecuteUpdateAsync(set => set.SetProperty(entry => entry.Name, renamed), Cancel);
            await db.AuditEvents.Where(entry => entry.Name == renamed).ExecuteDeleteAsync(Cancel);
            (await db.AuditEvents.CountAsync(entry => entry.Name == added, Cancel)).ShouldBe(5);
            await unit.RollbackAsync(Cancel);
            db.InUnitOfWork.ShouldBeFalse();
        });

        (await CountAsync(kept)).ShouldBe(1);
        (await CountAsync(added)).ShouldBe(0);
    }

    [Fact]
    public async Task A_reader_sees_the_last_commit_while_a_writer_writes()
    {
        var name = NewName();

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await WriteAsync(services, name);

            (await ExistsAsync(name).WaitAsync(TimeSpan.FromSeconds(10), Cancel)).ShouldBeFalse();
        });
    }

    protected static string NewName() => Guid.NewGuid().ToString("N");

    protected static async Task<bool> WriteAsync(IServiceProvider services, string name)
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.AuditEvents.Add(new AuditEvent { Id = Guid.CreateVersion7(), At = Now, Name = name });
        await db.SaveChangesAsync(Cancel);
        return true;
    }

    protected Task<int> CountAsync(string name) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().AuditEvents.CountAsync(entry => entry.Name == name, Cancel));

    protected async Task<bool> ExistsAsync(string name) => await CountAsync(name) > 0;

    private static async Task<bool> SaveDuplicateAsync(IServiceProvider services, User user)
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.Users.Add(new User { Id = Guid.CreateVersion7(), Email = user.Email, NormalizedEmail = user.NormalizedEmail });
        await db.SaveChangesAsync(Cancel);
        return true;
    }
}

public sealed class UnitOfWorkOnSqlite(SqliteDatabase database) : UnitOfWorkContract(database), IClassFixture<SqliteDatabase>
{
    [Fact]
    public async Task A_plain_save_waits_for_the_writer_before_it()
    {
        var (first, second) = (NewName(), NewName());
        Task waiting = Task.CompletedTask;

        await InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            await WriteAsync(services, first);

            // The call comes back at once although the file is locked: it waits without holding the thread.
            waiting = InScopeAsync(other => WriteAsync(other, second));
            waiting.IsCompleted.ShouldBeFalse();
            await unit.CommitAsync(Cancel);
        });

        await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        (await ExistsAsync(second)).ShouldBeTrue();
    }
}

public sealed class UnitOfWorkOnPostgreSql(PostgreSqlDatabase database) : UnitOfWorkContract(database), IClassFixture<PostgreSqlDatabase>;

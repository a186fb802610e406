using System.Text.RegularExpressions;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class InsightContract(Database database) : StorageContract(database)
{
    private const int Today = 20_513;

    private static readonly InsightBatch Nothing = new([], [], [], [], []);

    [Fact]
    public async Task Counts_of_several_batches_and_nodes_add_up()
    {
        var client = await AddClientAsync();
        var other = await AddClientAsync();
        InsightBatch batch = Nothing with
        {
            Counts = [Count(client, Today, ActivityKinds.Asked, 2), Count(client, Today - 1, ActivityKinds.Asked, 3), Count(other, Today, ActivityKinds.Asked, 5)],
        };

        await RaceAsync(20, services => WriteAsync(services, batch), Node, StartNode());

        (await ActivityAsync(client)).ShouldBe([(Today - 1, ActivityKinds.Asked, 60L), (Today, ActivityKinds.Asked, 40L)]);
        (await ActivityAsync(other)).ShouldBe([(Today, ActivityKinds.Asked, 100L)]);
    }

    [Fact]
    public async Task Nodes_that_write_the_same_rows_in_opposite_orders_do_not_hold_each_other_up()
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AddClientAsync()));
        var rows = clients.SelectMany(client => ActivityKinds.Funnel.Select(kind => Count(client, Today, kind, 1))).ToList();
        var reversed = rows.AsEnumerable().Reverse().ToList();
        var turn = 0;

        await RaceAsync(
            20,
            services => WriteAsync(services, Nothing with { Counts = Interlocked.Increment(ref turn) % 2 == 0 ? rows : reversed }),
            Node, StartNode());

        foreach (var client in clients)
        {
            (await ActivityAsync(client)).ShouldAllBe(row => row.Count == 20);
        }
    }

    [Fact]
    public async Task Activity_is_read_of_the_days_that_were_asked_for_only()
    {
        var client = await AddClientAsync();
        await WriteAsync(Nothing with { Counts = [.. Enumerable.Range(0, 5).Select(age => Count(client, Today - age, ActivityKinds.Asked, 1))] });

        var rows = await InScopeAsync(services =>
            services.GetRequiredService<InsightOperations>().ActivityAsync(client.Id!, Today - 3, Today - 1, Cancel));

        rows.Select(row => row.Day).Order().ShouldBe([Today - 3, Today - 2, Today - 1]);
    }

    [Fact]
    public async Task The_last_use_of_a_client_only_moves_forwards_and_touches_nothing_else()
    {
        var client = await AddClientAsync();
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.ClientStandings.Add(new() { ClientRowId = client.Id!, RegisteredAt = Now.AddDays(-9), ApprovalWish = "Please" });
            await db.SaveChangesAsync(Cancel);
        });

        foreach (var at in (DateTimeOffset[])[Now, Now.AddMinutes(1), Now.AddMinutes(-1)])
        {
            await WriteAsync(Nothing with { Uses = [new(client.Id!, at)] });
        }

        var standing = await ReadAsync(db => db.ClientStandings.SingleAsync(row => row.ClientRowId == client.Id, Cancel));
        standing.LastUsedAt.ShouldBe(Now.AddMinutes(1));
        standing.RegisteredAt.ShouldBe(Now.AddDays(-9));
        standing.ApprovalWish.ShouldBe("Please");
    }

    [Fact]
    public async Task The_first_use_of_a_client_without_a_standing_makes_one()
    {
        var client = await AddClientAsync();

        await WriteAsync(Nothing with { Uses = [new(client.Id!, Now)] });

        var standing = await ReadAsync(db => db.ClientStandings.SingleAsync(row => row.ClientRowId == client.Id, Cancel));
        standing.LastUsedAt.ShouldBe(Now);
        standing.RegisteredAt.ShouldBeNull();
    }

    [Fact]
    public async Task The_last_use_of_a_secret_only_moves_forwards_and_is_that_clients_own()
    {
        var client = await AddClientAsync();
        var stranger = await AddClientAsync();
        var secret = new ClientSecretEntry { ClientRowId = client.Id, Hash = "h", CreatedAt = Now };
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.ClientSecrets.Add(secret);
            await db.SaveChangesAsync(Cancel);
        });

        await WriteAsync(Nothing with { SecretUses = [new(stranger.Id!, secret.Id, Now.AddDays(1))] });
        (await LastUseAsync()).ShouldBeNull();

        foreach (var at in (DateTimeOffset[])[Now, Now.AddMinutes(1), Now.AddMinutes(-1)])
        {
            await WriteAsync(Nothing with { SecretUses = [new(client.Id!, secret.Id, at)] });
        }

        (await LastUseAsync()).ShouldBe(Now.AddMinutes(1));

        Task<DateTimeOffset?> LastUseAsync() =>
            ReadAsync(db => db.ClientSecrets.Where(row => row.Id == secret.Id).Select(row => row.LastUsedAt).SingleAsync(Cancel));
    }

    [Fact]
    public async Task The_use_of_a_key_keeps_its_first_moment_and_moves_the_last_forwards()
    {
        var client = await AddClientAsync();

        foreach (var (first, last) in ((DateTimeOffset, DateTimeOffset)[])[(Now, Now), (Now.AddMinutes(2), Now.AddMinutes(3)), (Now.AddMinutes(1), Now.AddMinutes(1))])
        {
            await WriteAsync(Nothing with
            {
                KeyUses = [new() { ClientRowId = client.Id!, Thumbprint = "thumb", FirstUsedAt = first, LastUsedAt = last }],
            });
        }

        var use = await ReadAsync(db => db.ClientKeyUses.SingleAsync(row => row.ClientRowId == client.Id, Cancel));
        (use.FirstUsedAt, use.LastUsedAt).ShouldBe((Now, Now.AddMinutes(3)));
    }

    [Fact]
    public async Task A_failure_that_comes_again_is_kept_as_it_was()
    {
        var client = await AddClientAsync();
        var id = Guid.NewGuid().ToString("N");

        await WriteAsync(Nothing with { Failures = [Failure(client, id, "first")] });
        await WriteAsync(Nothing with { Failures = [Failure(client, id, "second")] });

        var failure = await ReadAsync(db => db.ClientFailures.SingleAsync(row => row.Id == id, Cancel));
        (failure.ClientRowId, failure.Code, failure.At, failure.Endpoint, failure.Details)
            .ShouldBe((client.Id!, "first", Now, "/connect/token", """{"a":"b"}"""));
    }

    [Fact]
    public async Task What_concerns_a_client_that_is_gone_is_left_out_and_the_rest_is_written()
    {
        var client = await AddClientAsync();
        var gone = new Client { Id = Guid.NewGuid().ToString() };
        var id = Guid.NewGuid().ToString("N");

        await WriteAsync(new(
            [Count(gone, Today, ActivityKinds.Asked, 1), Count(client, Today, ActivityKinds.Asked, 1)],
            [new(gone.Id!, Now)],
            [new(gone.Id!, Guid.NewGuid(), Now)],
            [new() { ClientRowId = gone.Id!, Thumbprint = "thumb", FirstUsedAt = Now, LastUsedAt = Now }],
            [Failure(gone, id, "code")]));

        (await ActivityAsync(client)).Count.ShouldBe(1);
        (await ActivityAsync(gone)).ShouldBeEmpty();
        (await ReadAsync(db => db.ClientFailures.AnyAsync(row => row.Id == id, Cancel))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_client_may_be_deleted_while_its_counts_are_written()
    {
        for (var round = 0; round < 5; round++)
        {
            var client = await AddClientAsync();
            var rows = ActivityKinds.Funnel.Select(kind => Count(client, Today, kind, 1)).ToList();
            await WriteAsync(Nothing with { Counts = rows });
            var turn = 0;

            await RaceAsync(
                6,
                services => Interlocked.Increment(ref turn) == 3
                    ? DeleteAsync(services, client)
                    : WriteAsync(services, Nothing with { Counts = rows, Uses = [new(client.Id!, Now)] }),
                Node, StartNode());

            (await ActivityAsync(client)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_day_is_forgotten_when_it_is_ninety_days_old()
    {
        var client = await AddClientAsync();
        var today = (int)(Now.ToUnixTimeSeconds() / 86_400);
        await WriteAsync(Nothing with { Counts = [Count(client, today, ActivityKinds.Asked, 1)] });
        var kept = Now.Date.AddDays(DiagnosisPolicy.ActivityKept.TotalDays + 1).AddMilliseconds(-1);

        await PruneAsync(new(kept, TimeSpan.Zero));
        (await ActivityAsync(client)).Count.ShouldBe(1);

        await PruneAsync(new(kept.AddMilliseconds(1), TimeSpan.Zero));
        (await ActivityAsync(client)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ninety_days_of_forty_kinds_are_found_by_an_index_among_those_of_other_clients()
    {
        var clients = new List<Client>();
        for (var index = 0; index < 5; index++)
        {
            clients.Add(await AddClientAsync());
            await WriteAsync(Nothing with
            {
                Counts = [.. from age in Enumerable.Range(0, 90) from kind in Enumerable.Range(0, 40) select Count(clients[index], Today - age, $"kind.{kind}", 1_000)],
            });
        }

        (await InScopeAsync(services => services.GetRequiredService<InsightOperations>().ActivityAsync(clients[0].Id!, Today - 89, Today, Cancel)))
            .Count.ShouldBe(90 * 40);
        (await PlanAsync(clients[0])).ShouldAllBe(step => !Regex.IsMatch(step, "SCAN |Seq Scan"));
    }

    // The statement as it is, after the database has looked at its table.
    private Task<List<string>> PlanAsync(Client client) => InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        await db.Database.ExecuteSqlRawAsync("ANALYZE client_activity", Cancel);
        await db.Database.OpenConnectionAsync(Cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        if (db.Database.IsNpgsql())
        {
            // Of so few clients reading all is quicker; asked here is what serves when there are many.
            await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off", Cancel);
        }

        command.CommandText = (db.Database.IsNpgsql() ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + InsightOperations.Activity.Text
            .Replace("$1", $"'{client.Id}'", StringComparison.Ordinal).Replace("$2", $"{Today - 89}", StringComparison.Ordinal).Replace("$3", $"{Today}", StringComparison.Ordinal);
        var steps = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
        {
            steps.Add(reader.GetString(reader.FieldCount == 1 ? 0 : 3));
        }

        steps.ShouldNotBeEmpty();
        return steps;
    });

    private static ClientActivityCount Count(Client client, int day, string kind, long count) =>
        new() { ClientRowId = client.Id!, Day = day, Kind = kind, Count = count };

    private static ClientFailure Failure(Client client, string id, string code) => new()
    {
        Id = id,
        ClientRowId = client.Id!,
        At = Now,
        Code = code,
        Endpoint = "/connect/token",
        Details = """{"a":"b"}""",
    };

    private Task<bool> WriteAsync(InsightBatch batch) => InScopeAsync(services => WriteAsync(services, batch));

    private static async Task<bool> WriteAsync(IServiceProvider services, InsightBatch batch)
    {
        await services.GetRequiredService<InsightOperations>().WriteAsync(batch, Cancel);
        return true;
    }

    private static async Task<bool> DeleteAsync(IServiceProvider services, Client client) =>
        (await services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            () => services.GetRequiredService<RegistrationOperations>().DeleteClientAsync(client.Id!, client.ClientId!, version: null, Cancel), Cancel)).WasThere;

    private Task PruneAsync(DateTimeOffset now) => InScopeAsync(async services =>
    {
        while (await services.GetRequiredService<ExpiredRows>().DeleteAsync(now, 500, Cancel) > 0)
        {
        }
    });

    private Task<T> ReadAsync<T>(Func<IdentityServerDbContext, Task<T>> read) =>
        InScopeAsync(services => read(services.GetRequiredService<IdentityServerDbContext>()));

    private async Task<List<(int Day, string Kind, long Count)>> ActivityAsync(Client client) =>
        [.. (await InScopeAsync(services => services.GetRequiredService<InsightOperations>().ActivityAsync(client.Id!, 0, int.MaxValue, Cancel)))
            .Select(row => (row.Day, row.Kind, row.Count)).OrderBy(row => row.Day)];
}

public sealed class InsightOnSqlite(SqliteDatabase database) : InsightContract(database), IClassFixture<SqliteDatabase>;

public sealed class InsightOnPostgreSql(PostgreSqlDatabase database) : InsightContract(database), IClassFixture<PostgreSqlDatabase>;

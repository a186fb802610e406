using IdentityServer.Storage.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

public abstract class CounterContract(Database database) : StorageContract(database)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly string _key = $"test/{Guid.NewGuid():N}";

    [Fact]
    public async Task A_counter_allows_up_to_its_limit_and_counts_nothing_beyond()
    {
        (await SpendAsync(2)).ShouldBe(new(true, 1));
        (await SpendAsync(2)).ShouldBe(new(true, 2));
        (await SpendAsync(2)).ShouldBe(new(false, 2));
        (await ReadAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task Of_200_parallel_spends_on_two_nodes_exactly_the_limit_is_allowed()
    {
        var results = await RaceAsync(200, services => SpendAsync(services, 20, Now), Node, StartNode());

        results.Count(result => result.Allowed).ShouldBe(20);
        (await ReadAsync()).ShouldBe(20);
    }

    [Fact]
    public async Task A_limit_of_the_greatest_number_only_counts()
    {
        var results = await RaceAsync(50, services => SpendAsync(services, int.MaxValue, Now), Node);

        results.ShouldAllBe(result => result.Allowed);
        results.Max(result => result.Total).ShouldBe(50);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_limit_of_nothing_allows_nothing(int limit)
    {
        (await SpendAsync(limit)).ShouldBe(new(false, 0));
        (await ReadAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_bucket_before_still_counts()
    {
        await SpendAsync(3);
        await SpendAsync(3);

        (await SpendAsync(3, Now + Hour)).ShouldBe(new(true, 3));
        (await SpendAsync(3, Now + Hour)).ShouldBe(new(false, 3));
        (await ReadAsync(Now + Hour)).ShouldBe(3);
    }

    [Fact]
    public async Task A_refused_spend_does_not_move_the_bucket()
    {
        await SpendAsync(2);
        await SpendAsync(2);

        (await SpendAsync(2, Now + Hour)).ShouldBe(new(false, 2));
        (await ReadAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task Two_buckets_later_all_is_forgotten()
    {
        await SpendAsync(1);

        (await ReadAsync(Now + Hour + Hour)).ShouldBe(0);
        (await SpendAsync(1, Now + Hour + Hour)).ShouldBe(new(true, 1));
    }

    [Fact]
    public async Task A_node_whose_clock_lags_a_bucket_cannot_empty_the_counter()
    {
        await SpendAsync(2, Now + Hour);
        await SpendAsync(2, Now + Hour);

        (await SpendAsync(2, Now)).Allowed.ShouldBeFalse();
        (await ReadAsync(Now + Hour)).ShouldBe(2);
    }

    [Fact]
    public async Task A_refund_gives_back_what_was_spent()
    {
        await SpendAsync(3);
        await SpendAsync(3);

        await RefundAsync(1, Now);

        (await ReadAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_refund_reaches_into_the_bucket_before()
    {
        await SpendAsync(3);
        await SpendAsync(3);
        await SpendAsync(3, Now + Hour);

        await RefundAsync(2, Now + Hour);

        (await ReadAsync(Now + Hour)).ShouldBe(1);
        (await ReadAsync(Now + Hour + Hour)).ShouldBe(0);
    }

    [Fact]
    public async Task A_refund_never_leaves_credit()
    {
        await SpendAsync(3);

        await RefundAsync(5, Now);

        (await ReadAsync()).ShouldBe(0);
        (await SpendAsync(1)).ShouldBe(new(true, 1));
        (await SpendAsync(1)).Allowed.ShouldBeFalse();
    }

    [Fact]
    public async Task Spending_alone_is_committed_at_once()
    {
        await Should.ThrowAsync<TimeZoneNotFoundException>(InScopeAsync(async services =>
        {
            await SpendAsync(services, 5, Now);
            throw new TimeZoneNotFoundException();
        }));

        (await ReadAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Spending_within_a_unit_of_work_shares_its_fate()
    {
        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await SpendAsync(services, 5, Now);
        });

        (await ReadAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Counters_of_different_keys_are_apart()
    {
        await SpendAsync(1);

        (await InScopeAsync(services => services.GetRequiredService<CounterOperations>().TrySpendAsync(_key + "/other", Hour, 1, Now, Cancel)))
            .Allowed.ShouldBeTrue();
    }

    private Task<CounterResult> SpendAsync(int limit, DateTimeOffset? now = null) =>
        InScopeAsync(services => SpendAsync(services, limit, now ?? Now));

    private Task<CounterResult> SpendAsync(IServiceProvider services, int limit, DateTimeOffset now) =>
        services.GetRequiredService<CounterOperations>().TrySpendAsync(_key, Hour, limit, now, Cancel);

    private Task RefundAsync(int amount, DateTimeOffset now) =>
        InScopeAsync(services => services.GetRequiredService<CounterOperations>().RefundAsync(_key, Hour, now, amount, Cancel));

    private Task<int> ReadAsync(DateTimeOffset? now = null) =>
        InScopeAsync(services => services.GetRequiredService<CounterOperations>().ReadAsync(_key, Hour, now ?? Now, Cancel));
}

public sealed class CountersOnSqlite(SqliteDatabase database) : CounterContract(database), IClassFixture<SqliteDatabase>;

public sealed class CountersOnPostgreSql(PostgreSqlDatabase database) : CounterContract(database), IClassFixture<PostgreSqlDatabase>;

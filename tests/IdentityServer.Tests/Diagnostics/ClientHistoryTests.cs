using System.Net;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Diagnostics;

public sealed class ClientHistoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failures_are_read_newest_first_page_by_page(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (client, other) = (await AddRowAsync(world), await AddRowAsync(world));
        var references = new List<string>();
        for (var index = 0; index < 7; index++)
        {
            references.Add(Fail(world, client, index % 2 == 0 ? "even" : "odd"));
            if (index % 3 == 0)
            {
                world.Clock.Advance(TimeSpan.FromMilliseconds(5)); // some share their moment
            }
        }

        Fail(world, other, "even");
        var seen = new List<ClientFailure>();
        FailureCursor? after = null;
        do
        {
            var page = await FailuresAsync(world, client, new(After: after), size: 3);
            page.Failures.Count.ShouldBeLessThanOrEqualTo(3);
            seen.AddRange(page.Failures);
            after = page.Next;
        }
        while (after is not null);

        seen.Select(failure => failure.Id).ShouldBe(references, ignoreOrder: true);
        seen.Select(failure => failure.At).ShouldBeInOrder(SortDirection.Descending);
        (await FailuresAsync(world, client, new(Code: "odd"), size: 10)).Failures.Count.ShouldBe(3);
        (await FailuresAsync(world, client, new(Reference: references[2]), size: 10)).Failures.ShouldHaveSingleItem().Id.ShouldBe(references[2]);
    }

    [Fact]
    public async Task A_reference_finds_its_failure_among_the_readers_own_clients_only()
    {
        await using var world = await World.StartAsync();
        var (mine, second, strange) = (await AddRowAsync(world), await AddRowAsync(world), await AddRowAsync(world));
        var reference = Fail(world, second, "code");

        (await FindAsync(mine, second))!.Id.ShouldBe(reference);
        (await FindAsync(mine, strange)).ShouldBeNull();
        (await FindAsync()).ShouldBeNull();

        Task<ClientFailure?> FindAsync(params string[] clients) => world.Server.InScopeAsync(services =>
            services.GetRequiredService<ClientHistory>().FindFailureAsync(clients, reference, Cancel));
    }

    [Fact]
    public async Task Failures_are_not_shown_beyond_their_time_even_before_they_are_deleted()
    {
        await using var world = await World.StartAsync();
        var client = await AddRowAsync(world);
        Fail(world, client, "code");
        (await FailuresAsync(world, client, new(), size: 10)).Failures.Count.ShouldBe(1);

        world.Clock.AdjustTime(world.Clock.GetUtcNow() + DiagnosisPolicy.FailuresKept + TimeSpan.FromMilliseconds(1));

        (await FailuresAsync(world, client, new(), size: 10)).Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task Activity_has_a_place_for_each_day_and_a_total_for_each_kind()
    {
        await using var world = await World.StartAsync();
        var client = await AddRowAsync(world);
        var insight = world.Server.Services.GetRequiredService<ClientInsight>();
        insight.Count(client, ActivityKinds.Completed);
        world.Clock.AdjustTime(world.Clock.GetUtcNow().AddDays(2));
        insight.Count(client, ActivityKinds.Completed);
        insight.Count(client, ActivityKinds.Completed);

        var week = await ActivityAsync(7);
        (week.First, week.Days).ShouldBe((new DateOnly(2026, 2, 26), 7));
        week.Daily(ActivityKinds.Completed).ShouldBe([0, 0, 0, 0, 1, 0, 2]);
        week.Daily(ActivityKinds.Asked).ShouldBe([0, 0, 0, 0, 0, 0, 0]);
        (week.Total(ActivityKinds.Completed), week.Total(ActivityKinds.Asked)).ShouldBe((3, 0));
        (await ActivityAsync(1)).Daily(ActivityKinds.Completed).ShouldBe([2]);
        (await ActivityAsync(1_000)).Days.ShouldBe(90);

        Task<ActivityHistory> ActivityAsync(int days) => world.Server.InScopeAsync(services =>
            services.GetRequiredService<ClientHistory>().ActivityAsync(client, days, Cancel));
    }

    [Fact]
    public async Task Counts_are_written_when_the_server_stops()
    {
        await using var world = await World.StartAsync();
        var client = await AddRowAsync(world);
        world.Server.Services.GetRequiredService<ClientInsight>().Count(client, ActivityKinds.Completed);

        await world.Server.RestartAsync();

        (await world.ReadAsync(db => db.ClientActivity.SingleAsync(row => row.ClientRowId == client, Cancel))).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Counts_that_could_not_be_written_are_written_later_once()
    {
        await using var world = await World.StartAsync();
        var client = await AddRowAsync(world);
        var writer = world.Server.Services.GetRequiredService<InsightWriter>();
        world.Server.Services.GetRequiredService<ClientInsight>().Count(client, ActivityKinds.Completed);
        await RunAsync("ALTER TABLE client_activity RENAME TO away");

        (await Should.ThrowAsync<Exception>(writer.FlushAsync(Cancel))).Message.ShouldContain("client_activity");
        await RunAsync("ALTER TABLE away RENAME TO client_activity");
        await writer.FlushAsync(Cancel);
        await writer.FlushAsync(Cancel);

        (await world.ReadAsync(db => db.ClientActivity.SingleAsync(row => row.ClientRowId == client, Cancel))).Count.ShouldBe(1);

        Task<int> RunAsync(string sql) => world.ReadAsync(db => db.Database.ExecuteSqlRawAsync(sql, Cancel));
    }

    [Fact]
    public async Task The_error_page_shows_the_reference_that_the_log_has_beside_the_trace()
    {
        var log = new ErrorPageLog();
        await using var world = await World.StartAsync(configure: setup => setup.Configure = builder => builder.Logging.AddProvider(log));
        using var answer = await world.Server.CreateClient().GetAsync("/nothing-here", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var line = log.Lines.ShouldHaveSingleItem();
        var shown = System.Text.RegularExpressions.Regex.Match(await answer.Content.ReadAsStringAsync(Cancel), "<code>([^<]*)</code>").Groups[1].Value;
        shown.ShouldMatch("^[0-9a-f]{12}$");
        line.ShouldMatch($"reference {shown}, in the trace [0-9a-f]{{32}}");
    }

    private static async Task<string> AddRowAsync(World world)
    {
        var party = await world.AddClientAsync();
        return await world.ReadAsync(db => db.Clients.Where(row => row.ClientId == party.Id).Select(row => row.Id!).SingleAsync(Cancel));
    }

    private static string Fail(World world, string client, string code)
    {
        var trail = ClientTrail.Of(new DefaultHttpContext());
        trail.Concerns(client);
        trail.Fail(code);
        world.Server.Services.GetRequiredService<ClientInsight>().Take(trail, null);
        return trail.Reference;
    }

    private static Task<FailurePage> FailuresAsync(World world, string client, FailureQuery query, int size) => world.Server.InScopeAsync(services =>
        services.GetRequiredService<ClientHistory>().FailuresAsync(client, query, size, Cancel));
}

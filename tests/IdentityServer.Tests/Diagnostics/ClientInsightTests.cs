using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Diagnostics;

public sealed class ClientInsightTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 2, 23, 59, 59, TimeSpan.Zero));
    private readonly Lines _log = new();
    private readonly ClientInsight _insight;

    public ClientInsightTests() => _insight = new(_clock, _log);

    [Fact]
    public void Days_are_counted_in_UTC()
    {
        _insight.Count("row", ActivityKinds.Asked);
        _insight.Count("row", ActivityKinds.Asked);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _insight.Count("row", ActivityKinds.Asked);

        var monday = (int)(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() / 86_400);
        _insight.TakeAll().Counts.Select(row => (row.ClientRowId, row.Day, row.Kind, row.Count)).ShouldBe(
            [("row", monday, ActivityKinds.Asked, 2L), ("row", monday + 1, ActivityKinds.Asked, 1L)]);
        _insight.TakeAll().IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void What_was_put_back_is_added_to_what_came_since()
    {
        var key = Guid.NewGuid();
        Note();
        var batch = _insight.TakeAll();
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Note();

        _insight.PutBack(batch);

        var all = _insight.TakeAll();
        all.Counts.ShouldHaveSingleItem().Count.ShouldBe(2);
        all.Uses.ShouldBe([new ClientUse("row", _clock.GetUtcNow())]);
        all.SecretUses.ShouldBe([new SecretUse("row", key, _clock.GetUtcNow())]);
        var use = all.KeyUses.ShouldHaveSingleItem();
        (use.FirstUsedAt, use.LastUsedAt).ShouldBe((_clock.GetUtcNow() - TimeSpan.FromSeconds(0.5), _clock.GetUtcNow()));

        void Note()
        {
            _insight.Count("row", ActivityKinds.Asked);
            _insight.Used("row");
            _insight.SecretUsed("row", key);
            _insight.KeyUsed("row", "thumb");
        }
    }

    [Fact]
    public void A_trail_of_no_client_leaves_nothing()
    {
        var trail = ClientTrail.Of(new DefaultHttpContext());
        trail.Count(ActivityKinds.Asked);
        trail.Fail("code");

        _insight.Take(trail, TimeSpan.FromMilliseconds(3));

        _insight.TakeAll().IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void A_trail_leaves_its_counts_its_failure_and_its_time()
    {
        var trail = Failed("row");
        trail.Count(ActivityKinds.Asked);

        _insight.Take(trail, TimeSpan.FromMilliseconds(26));

        var batch = _insight.TakeAll();
        batch.Counts.Select(row => row.Kind).ShouldBe([ActivityKinds.Asked, "latency.50", "failure.code"], ignoreOrder: true);
        batch.Failures.ShouldHaveSingleItem().Id.ShouldBe(trail.Reference);
    }

    [Fact]
    public void Beyond_the_bound_of_an_hour_failures_are_counted_only_and_the_log_says_so_once()
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        Fail("flooded", DiagnosisPolicy.FailuresPerHour);
        _log.Count.ShouldBe(0);
        Fail("flooded", 50);
        Fail("quiet", 1);

        var batch = _insight.TakeAll();
        batch.Failures.Count(failure => failure.ClientRowId == "flooded").ShouldBe(DiagnosisPolicy.FailuresPerHour + DiagnosisPolicy.FailuresOfCodeBeyond);
        batch.Failures.Count(failure => failure.ClientRowId == "quiet").ShouldBe(1);
        batch.Counts.Single(row => row.ClientRowId == "flooded").Count.ShouldBe(DiagnosisPolicy.FailuresPerHour + 50);
        _log.Count.ShouldBe(1);

        Fail("flooded", 1);
        _insight.TakeAll().Failures.ShouldBeEmpty("writing them makes no room");
        _clock.Advance(TimeSpan.FromHours(1));
        Fail("flooded", 1);
        _insight.TakeAll().Failures.Count.ShouldBe(1);
    }

    [Fact]
    public void A_flood_of_one_reason_hides_no_other()
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        Fail("flooded", 5_000, "secret_wrong");
        Fail("flooded", 1, "code_expired");
        Fail("flooded", 5_000, "redirect_uri_mismatch");
        Fail("flooded", 1, "grant_not_allowed");

        var kept = _insight.TakeAll().Failures.CountBy(failure => failure.Code).ToDictionary();

        (kept["code_expired"], kept["grant_not_allowed"]).ShouldBe((1, 1));
        (kept["secret_wrong"], kept["redirect_uri_mismatch"]).ShouldBe(
            (DiagnosisPolicy.FailuresPerHour + DiagnosisPolicy.FailuresOfCodeBeyond, DiagnosisPolicy.FailuresOfCodeBeyond), "and still they are bounded");

        _clock.Advance(TimeSpan.FromHours(1));
        Fail("flooded", DiagnosisPolicy.FailuresPerHour + 1, "redirect_uri_mismatch");
        _insight.TakeAll().Failures.Count.ShouldBe(DiagnosisPolicy.FailuresPerHour + 1, "another hour, another bound");
    }

    [Fact]
    public void A_failure_wakes_the_writer_and_a_count_does_not()
    {
        _insight.Count("row", ActivityKinds.Asked);
        _insight.FailureWaits.IsCompleted.ShouldBeFalse();

        Fail("row", 1);
        _insight.FailureWaits.IsCompleted.ShouldBeTrue();

        _insight.TakeAll();
        _insight.FailureWaits.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Counts_of_many_threads_are_all_there()
    {
        var taken = 0L;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var index = 0; index < 10_000; index++)
            {
                _insight.Count("row", ActivityKinds.Asked);
                if (thread == 0 && index % 100 == 0)
                {
                    Interlocked.Add(ref taken, _insight.TakeAll().Counts.Sum(row => row.Count));
                }
            }
        })));

        (taken + _insight.TakeAll().Counts.Sum(row => row.Count)).ShouldBe(40_000);
    }

    private void Fail(string client, int times, string code = "code")
    {
        for (var index = 0; index < times; index++)
        {
            _insight.Take(Failed(client, code), null);
        }
    }

    private static ClientTrail Failed(string client, string code = "code")
    {
        var trail = ClientTrail.Of(new DefaultHttpContext());
        trail.Concerns(client);
        trail.Fail(code);
        return trail;
    }

    private sealed class Lines : ILogger<ClientInsight>
    {
        public int Count { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Count++;
    }
}

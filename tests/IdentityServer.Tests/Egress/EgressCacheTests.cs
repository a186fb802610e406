using System.Text;
using IdentityServer.Egress;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Tests.Egress;

public sealed class EgressCacheTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly Uri Keys = new($"https://{ClientSite.Host}/keys");
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private int _status = 200;
    private string _body = "1";
    private Func<Task> _before = () => Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_answer_serves_for_its_lifetime()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);

        (await BodyAsync(cache)).ShouldBe("1");
        _body = "2";
        stage.Clock.Advance(Lifetime - Moment);
        (await BodyAsync(cache)).ShouldBe("1");
        stage.Clock.Advance(Moment);
        (await BodyAsync(cache)).ShouldBe("2");

        stage.Site.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_is_remembered_for_five_seconds()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        _status = 500;

        (await GetAsync(cache)).ShouldBeOfType<EgressAnswer.Failed>();
        _status = 200;
        stage.Clock.Advance(EgressCache.Rest - Moment);
        (await GetAsync(cache)).ShouldBeOfType<EgressAnswer.Failed>();
        stage.Site.Requests.ShouldBe(1);

        stage.Clock.Advance(Moment);
        (await BodyAsync(cache)).ShouldBe("1");
    }

    [Fact]
    public async Task A_failure_that_took_all_its_time_is_remembered_as_long()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        stage.Network.Connecting = async (_, ct) =>
        {
            stage.Clock.Advance(EgressRules.KeySet.Time);
            await Task.Delay(Timeout.Infinite, ct);
        };

        (await GetAsync(cache)).ShouldBeOfType<EgressAnswer.Failed>();
        stage.Clock.Advance(EgressCache.Rest - Moment);
        (await GetAsync(cache)).ShouldBeOfType<EgressAnswer.Failed>();

        stage.Network.Dialled.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_is_remembered_too_and_says_why()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        stage.Network.Name("inside.example.com", "10.0.0.5");

        for (var time = 0; time < 3; time++)
        {
            (await cache.GetAsync(new Uri("https://inside.example.com/"), EgressRules.KeySet, Lifetime, Cancel)).ShouldBeOfType<EgressAnswer.Refused>().Reason.ShouldContain("10.0.0.5");
        }

        stage.Network.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Many_who_need_the_same_at_once_make_one_request()
    {
        var open = new TaskCompletionSource();
        _before = () => open.Task;
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);

        var asking = Enumerable.Range(0, 100).Select(number => number % 2 == 0 ? BodyAsync(cache) : FreshAsync(cache)).ToList();
        open.SetResult();

        (await Task.WhenAll(asking)).ShouldAllBe(body => body == "1");
        stage.Site.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task The_first_who_asks_may_go_away_and_the_others_still_get_it()
    {
        var open = new TaskCompletionSource();
        _before = () => open.Task;
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        using var impatient = new CancellationTokenSource();

        var first = cache.GetAsync(Keys, EgressRules.KeySet, Lifetime, impatient.Token);
        var second = BodyAsync(cache);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        open.SetResult();

        (await second).ShouldBe("1");
        stage.Site.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_new_at_an_address_is_found_by_who_asks_for_it_and_at_most_every_ten_seconds()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        await GetAsync(cache);
        _body = "2";

        stage.Clock.Advance(EgressCache.Spacing - Moment);
        (await FreshAsync(cache)).ShouldBe("1", "it was asked a moment ago");
        stage.Clock.Advance(Moment);
        (await FreshAsync(cache)).ShouldBe("2");
        (await BodyAsync(cache)).ShouldBe("2");
        for (var made = 0; made < 100; made++)
        {
            await FreshAsync(cache);
        }

        stage.Site.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task An_address_that_has_trouble_now_does_not_take_away_what_it_said_before()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        await GetAsync(cache);
        _status = 500;
        stage.Clock.Advance(EgressCache.Spacing);

        (await FreshAsync(cache)).ShouldBe("1");
        (await FreshAsync(cache)).ShouldBe("1");
        (await BodyAsync(cache)).ShouldBe("1");
        stage.Site.Requests.ShouldBe(2);

        stage.Clock.Advance(Lifetime);
        (await GetAsync(cache)).ShouldBeOfType<EgressAnswer.Failed>();
    }

    [Fact]
    public async Task What_is_broken_is_asked_again_no_oftener_by_who_wants_it_fresh()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);
        _status = 500;

        for (var second = 0; second < 30; second++)
        {
            (await cache.GetFreshAsync(Keys, EgressRules.KeySet, Lifetime, Cancel)).ShouldBeOfType<EgressAnswer.Failed>();
            stage.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        stage.Site.Requests.ShouldBe(3);
    }

    [Fact]
    public async Task What_was_fetched_as_one_kind_is_not_taken_for_another()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock);

        await GetAsync(cache);

        (await cache.GetAsync(Keys, EgressRules.RequestObject, Lifetime, Cancel)).ShouldBeOfType<EgressAnswer.Failed>().Reason.ShouldContain("application/jwt");
    }

    [Fact]
    public async Task Past_so_many_entries_the_one_that_was_not_used_for_longest_goes()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock, mostEntries: 3);
        foreach (var path in new[] { "a", "b", "c", "a", "d" })
        {
            await BodyAsync(cache, path);
        }

        stage.Site.Requests.ShouldBe(4);
        await BodyAsync(cache, "a");
        await BodyAsync(cache, "c");
        await BodyAsync(cache, "d");
        stage.Site.Requests.ShouldBe(4);
        await BodyAsync(cache, "b");
        stage.Site.Requests.ShouldBe(5);
    }

    [Fact]
    public async Task Past_so_many_bytes_too()
    {
        await using var stage = await OpenAsync();
        var cache = new EgressCache(stage.Client, stage.Clock, mostBytes: 25_000);
        _body = new string('x', 10_000);
        foreach (var path in new[] { "a", "b", "c" })
        {
            await BodyAsync(cache, path);
        }

        await BodyAsync(cache, "c");
        await BodyAsync(cache, "b");
        stage.Site.Requests.ShouldBe(3);
        await BodyAsync(cache, "a");
        stage.Site.Requests.ShouldBe(4);

        // One that is larger than all the room is answered, and not kept.
        _body = new string('x', 30_000);
        await BodyAsync(cache, "e");
        await BodyAsync(cache, "e");
        stage.Site.Requests.ShouldBe(6);
    }

    private Task<EgressStage> OpenAsync() => EgressStage.OpenAsync(async context =>
    {
        await _before();
        context.Response.StatusCode = _status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(_body);
    });

    private static Task<EgressAnswer> GetAsync(EgressCache cache) => cache.GetAsync(Keys, EgressRules.KeySet, Lifetime, Cancel);

    private static async Task<string> BodyAsync(EgressCache cache, string path = "keys") =>
        Read(await cache.GetAsync(new Uri($"https://{ClientSite.Host}/{path}"), EgressRules.KeySet, Lifetime, Cancel));

    private static async Task<string> FreshAsync(EgressCache cache) => Read(await cache.GetFreshAsync(Keys, EgressRules.KeySet, Lifetime, Cancel));

    private static string Read(EgressAnswer answer) => Encoding.UTF8.GetString(answer.ShouldBeOfType<EgressAnswer.Answered>().Body);
}

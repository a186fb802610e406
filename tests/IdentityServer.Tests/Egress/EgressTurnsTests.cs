using IdentityServer.Egress;

namespace IdentityServer.Tests.Egress;

public sealed class EgressTurnsTests
{
    private readonly EgressTurns _turns = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_gets_four_requests_at_a_time_and_the_next_when_one_is_over()
    {
        var taken = await TakeAsync("a.example.com", EgressTurns.PerHost);
        var next = _turns.TakeAsync("A.example.com", Cancel);
        next.IsCompleted.ShouldBeFalse();
        _turns.TakeAsync("b.example.com", Cancel).IsCompletedSuccessfully.ShouldBeTrue("another host's turn is another's");

        taken[0].Dispose();
        taken[0].Dispose(); // gives back one turn, however often it is told

        (await next).ShouldNotBeNull();
        _turns.TakeAsync("a.example.com", Cancel).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Thirty_two_requests_are_under_way_in_all()
    {
        var taken = new List<IDisposable>();
        for (var host = 0; host < EgressTurns.InAll / EgressTurns.PerHost; host++)
        {
            taken.AddRange(await TakeAsync($"host-{host}.example.com", EgressTurns.PerHost));
        }

        var next = _turns.TakeAsync("late.example.com", Cancel);
        next.IsCompleted.ShouldBeFalse();
        taken[0].Dispose();

        (await next).ShouldNotBeNull();
    }

    [Fact]
    public async Task Who_waits_for_a_slow_host_takes_nothing_of_the_others()
    {
        await TakeAsync("slow.example.com", EgressTurns.PerHost);
        var waiting = Enumerable.Range(0, 100).Select(_ => _turns.TakeAsync("slow.example.com", Cancel)).ToList();

        await TakeAsync("quick.example.com", EgressTurns.PerHost);

        waiting.ShouldAllBe(turn => !turn.IsCompleted);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_turns_to_others()
    {
        var taken = await TakeAsync("a.example.com", EgressTurns.PerHost);
        using var impatient = new CancellationTokenSource();
        var left = _turns.TakeAsync("a.example.com", impatient.Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => left);

        taken.ForEach(turn => turn.Dispose());

        (await TakeAsync("a.example.com", EgressTurns.PerHost)).Count.ShouldBe(EgressTurns.PerHost);
        _turns.TakeAsync("a.example.com", Cancel).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_crowd_is_turned_away_and_comes_in_again_later()
    {
        var crowd = Enumerable.Range(0, EgressTurns.Crowd).Select(_ => _turns.TakeAsync("a.example.com", Cancel)).ToList();

        (await _turns.TakeAsync("b.example.com", Cancel)).ShouldBeNull();
        (await crowd[0])!.Dispose();

        _turns.TakeAsync("b.example.com", Cancel).IsCompletedSuccessfully.ShouldBeTrue();
    }

    private async Task<List<IDisposable>> TakeAsync(string host, int turns)
    {
        var taken = new List<IDisposable>();
        for (var turn = 0; turn < turns; turn++)
        {
            taken.Add((await _turns.TakeAsync(host, Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel)).ShouldNotBeNull());
        }

        return taken;
    }
}

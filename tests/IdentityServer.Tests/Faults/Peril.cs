namespace IdentityServer.Tests.Faults;

/// <summary>The requests of a sign-in that change what the server keeps.</summary>
internal enum Step
{
    Password,
    WrongCode,
    Code,
    Authorize,
    Exchange,
    Refresh,
    Replay,
}

/// <summary>
/// When the server dies in a round: at some instant, some milliseconds into a certain request, or the moment that a certain answer is
/// there. The last is the hardest on what was acknowledged, the second on what was not.
/// </summary>
internal sealed class Peril
{
    // Counted from the first answer: what came before is the server warming up.
    private const int LongestRound = 3_000;

    // Should there never be one.
    private const int Hopeless = 30_000;

    // Codes and tokens are what this is about, so they are aimed at most.
    private static readonly Step[] _targets =
    [
        Step.Password, Step.WrongCode, Step.Code, Step.Code, Step.Code, Step.Authorize, Step.Exchange, Step.Exchange, Step.Exchange,
        Step.Refresh, Step.Refresh, Step.Replay,
    ];

    private readonly ServerProcess _server;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Kind _kind;
    private readonly Step _target;
    private readonly int _delay;
    private readonly int _instant;
    private int _left;
    private int _begun;
    private int _killed;

    public Peril(Random random, ServerProcess server)
    {
        _server = server;
        _kind = (Kind)random.Next(3);
        _target = _targets[random.Next(_targets.Length)];
        _left = random.Next(1, 6);
        _delay = random.Next(30);
        _instant = random.Next(1_500);
        _ = KillLaterAsync(Hopeless);
    }

    private enum Kind
    {
        AtAnInstant,
        InARequest,
        AtAnAnswer,
    }

    /// <summary>Ends when the server was killed.</summary>
    public Task Over => _over.Task;

    /// <summary>What is about to happen, for the log.</summary>
    public string Plan => _kind switch
    {
        Kind.AtAnInstant => "at an instant",
        Kind.InARequest => $"in a request ({_target})",
        _ => $"at an answer ({_target})",
    };

    /// <summary>A request is on its way.</summary>
    public void Sent(Step step)
    {
        if (_kind == Kind.InARequest && step == _target && Interlocked.Decrement(ref _left) == 0)
        {
            _ = KillLaterAsync(_delay);
        }
    }

    /// <summary>Its answer is there, and written down.</summary>
    public void Answered(Step step)
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _ = KillLaterAsync(_kind == Kind.AtAnInstant ? _instant : LongestRound);
        }

        if (_kind == Kind.AtAnAnswer && step == _target && Interlocked.Decrement(ref _left) == 0)
        {
            Kill();
        }
    }

    private async Task KillLaterAsync(int milliseconds)
    {
        await Task.Delay(milliseconds);
        Kill();
    }

    private void Kill()
    {
        if (Interlocked.Exchange(ref _killed, 1) == 0)
        {
            _server.Kill();
            _over.SetResult();
        }
    }
}

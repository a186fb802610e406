using System.Collections.Concurrent;
using System.Globalization;

namespace IdentityServer.Tests.Faults;

/// <summary>What the checks after the kills have found so far.</summary>
internal sealed class Findings
{
    private readonly ConcurrentQueue<string> _faults = new();
    private int _acknowledged;
    private int _lost;
    private int _twice;
    private int _cut;
    private int _cutButDone;

    public int Kills { get; private set; }

    /// <summary>The longest time from the start of a process until it was ready, on what a killed one had left.</summary>
    public TimeSpan SlowestRestart { get; private set; }

    /// <summary>Everything that was not as it must be, in sentences.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>The figures in one line.</summary>
    public string InWords => string.Create(
        CultureInfo.InvariantCulture,
        $"kills: {Kills}, acknowledged writes checked: {_acknowledged}, lost: {_lost}, accepted twice: {_twice}, "
        + $"other faults: {_faults.Count - _lost - _twice}, requests cut off: {_cut} (of which done: {_cutButDone}), "
        + $"slowest restart: {SlowestRestart.TotalSeconds:0.0} s");

    public void Killed() => Kills++;

    public void Restarted(TimeSpan took) => SlowestRestart = took > SlowestRestart ? took : SlowestRestart;

    /// <summary>So many acknowledged writes are looked for.</summary>
    public void Checking(int acknowledged) => Interlocked.Add(ref _acknowledged, acknowledged);

    /// <summary>A request was cut off by a kill, and had been carried out, or not: both are right.</summary>
    public void CutOff(bool done)
    {
        Interlocked.Increment(ref _cut);
        Interlocked.Add(ref _cutButDone, done ? 1 : 0);
    }

    /// <summary>What was acknowledged must be there.</summary>
    /// <returns>Whether it is.</returns>
    public bool Kept(bool holds, SignIn signIn, string what) => holds || Count(ref _lost, $"{signIn}: {what}");

    /// <summary>What was used must be used up.</summary>
    /// <returns>Whether it is.</returns>
    public bool Once(bool holds, SignIn signIn, string what) => holds || Count(ref _twice, $"{signIn}: {what}");

    /// <summary>Everything else.</summary>
    /// <returns>Whether it holds.</returns>
    public bool Sound(bool holds, object where, string what)
    {
        if (!holds)
        {
            _faults.Enqueue($"{where}: {what}");
        }

        return holds;
    }

    private bool Count(ref int counter, string sentence)
    {
        Interlocked.Increment(ref counter);
        _faults.Enqueue(sentence);
        return false;
    }
}

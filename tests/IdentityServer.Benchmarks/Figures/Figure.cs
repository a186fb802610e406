using System.Globalization;

namespace IdentityServer.Benchmarks.Figures;

/// <summary>What a number of operations took.</summary>
/// <param name="Operations">How many.</param>
/// <param name="Cpu">CPU time of the server process.</param>
/// <param name="Elapsed">Time on the wall.</param>
internal readonly record struct Batch(int Operations, TimeSpan Cpu, TimeSpan Elapsed);

/// <summary>An operation's figures, from several batches.</summary>
/// <param name="name">What was measured.</param>
/// <param name="mark">The most that it may cost, in S; null where none is set.</param>
internal sealed class Figure(string name, double? mark)
{
    private readonly List<Batch> _batches = [];

    /// <summary>CPU time of one operation in milliseconds: the median over the batches.</summary>
    public double Milliseconds => Median.Of(_batches.Select(batch => batch.Cpu.TotalMilliseconds / batch.Operations));

    /// <summary>Operations a second: the median over the batches.</summary>
    public double PerSecond => Median.Of(_batches.Select(batch => batch.Operations / batch.Elapsed.TotalSeconds));

    public void Add(Batch batch) => _batches.Add(batch);

    /// <summary>One line, for whoever waits.</summary>
    public string InWords(SignatureUnit unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}: {Milliseconds:0.000} ms, {Milliseconds / unit.Milliseconds:0.00} S, {PerSecond:0} a second");

    /// <summary>A row of the table.</summary>
    public string ToMarkdown(SignatureUnit unit)
    {
        var inUnits = Milliseconds / unit.Milliseconds;
        var verdict = mark is { } most ? string.Create(CultureInfo.InvariantCulture, $"{most:0.##} S | {(inUnits <= most ? "yes" : "**no**")}") : "- | -";
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {Milliseconds:0.00} ms | {inUnits:0.0#} S | {PerSecond:0} | {verdict} |");
    }
}

using System.Diagnostics;
using IdentityServer.Benchmarks.Figures;
using IdentityServer.Benchmarks.Server;

namespace IdentityServer.Benchmarks.Driving;

/// <summary>Puts load on the server: two callers that each wait for an answer before they ask again.</summary>
internal sealed class Load(ServerProcess server, SignatureUnit unit, CancellationToken cancellationToken)
{
    private const int Callers = 2;
    private const int WarmUpBatches = 3;

    /// <summary>Runs an operation a number of times and tells what it cost the server.</summary>
    public async Task<Batch> RunAsync(int operations, Func<int, Task> operation)
    {
        var next = -1;
        var cpu = server.CpuTime;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallAsync, cancellationToken)));
        return new(operations, server.CpuTime - cpu, watch.Elapsed);

        async Task CallAsync()
        {
            for (var index = Interlocked.Increment(ref next); index < operations; index = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await operation(index);
            }
        }
    }

    /// <summary>Measures S once more, next to what was just measured.</summary>
    public void MeasureUnit() => unit.Measure();

    /// <summary>Measures an operation: some batches to warm up, then those that count, with what they need made ready before each.</summary>
    public async Task<Figure> MeasureAsync(string name, double? mark, int batches, int perBatch, Func<int, Task> operation, Func<int, Task>? prepare = null)
    {
        var figure = new Figure(name, mark);
        for (var batch = -WarmUpBatches; batch < batches; batch++)
        {
            await (prepare?.Invoke(perBatch) ?? Task.CompletedTask);
            var measured = await RunAsync(perBatch, operation);
            if (batch >= 0)
            {
                figure.Add(measured);
                unit.Measure();
            }
        }

        Console.Error.WriteLine(figure.InWords(unit));
        return figure;
    }
}

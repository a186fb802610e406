using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace IdentityServer.Tests.Faults;

/// <summary>The server in a process of its own, so that it can be killed with no chance to tidy up.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    // Far more than a start takes on a busy machine: a server that never gets ready must fail its test, not keep the whole run waiting.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly Uri _address;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly CancellationTokenSource _life = new();
    private volatile bool _killed;

    /// <summary>Starts it; <see cref="ReadyAsync"/> tells when it serves.</summary>
    public ServerProcess(ProcessStartInfo start, Uri address)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _address = address;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>True from the moment before the kill: what fails from then on fails because of it.</summary>
    public bool Killed => _killed;

    /// <summary>Cancelled by the kill, for waits that no broken connection ends.</summary>
    public CancellationToken Life => _life.Token;

    /// <summary>What it wrote to its console.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Waits until it is ready to serve.</summary>
    /// <returns>How long that took, from the start of the process.</returns>
    public async Task<TimeSpan> ReadyAsync()
    {
        using var http = new HttpClient { BaseAddress = _address, Timeout = _patience };
        while (_since.Elapsed < _patience)
        {
            try
            {
                using var answer = await http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return _since.Elapsed;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The server ended with {_process.ExitCode}:\n{Log}");
            }

            await Task.Delay(_glance, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"The server was not ready within {_patience.TotalSeconds:0} s:\n{Log}");
    }

    /// <summary>Kills it on the spot (SIGKILL).</summary>
    public void Kill()
    {
        _killed = true;
        _process.Kill();
        _life.Cancel();
    }

    /// <summary>Waits until the system has done away with it: its files are closed, its locks gone.</summary>
    public Task GoneAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(_patience);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync().WaitAsync(_patience);
        }

        _process.Dispose();
        _life.Dispose();
    }
}

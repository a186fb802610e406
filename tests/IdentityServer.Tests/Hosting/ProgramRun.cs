using System.Diagnostics;
using System.Text;

namespace IdentityServer.Tests.Hosting;

/// <summary>What the program said when it had ended.</summary>
internal sealed record ProgramAnswer(int ExitCode, string Out, string Error);

/// <summary>The program itself, in a process of its own, as a shell starts it.</summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    // Real time, and far more than a start takes: a program that hangs must fail its test.
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly Task<string> _error;
    private readonly Task _reading;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProgramRun(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts it with nothing of this process's environment that would steer it.</summary>
    public static ProgramRun Start(IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "IdentityServer.exe" : "IdentityServer"), args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name == "DOTNET_ENVIRONMENT").ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!);
    }

    /// <summary>Starts it and waits for its end.</summary>
    public static async Task<ProgramAnswer> RunAsync(IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        await using var run = Start(environment, args);
        return await run.EndAsync();
    }

    /// <summary>Waits until standard output has a text, and returns what it has by then.</summary>
    public async Task<string> SaysAsync(string text)
    {
        while (true)
        {
            Task more;
            lock (_out)
            {
                if (_out.ToString() is var said && said.Contains(text, StringComparison.Ordinal))
                {
                    return said;
                }

                more = _more.Task;
            }

            (await Task.WhenAny(more, _reading).WaitAsync(_longest, Cancel)).ShouldBe(more, "the program ended");
        }
    }

    /// <summary>Tells it to stop, as Ctrl+C does.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<ProgramAnswer> EndAsync()
    {
        await _process.WaitForExitAsync(Cancel).WaitAsync(_longest, Cancel);
        await _reading;
        return new(_process.ExitCode, _out.ToString(), await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            TaskCompletionSource before;
            lock (_out)
            {
                _out.Append(line).Append('\n');
                (before, _more) = (_more, new(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            before.SetResult();
        }
    }
}

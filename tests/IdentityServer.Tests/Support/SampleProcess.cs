using System.Diagnostics;

namespace IdentityServer.Tests.Support;

/// <summary>One of samples/ as a program of its own.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _output = [];

    private SampleProcess(Uri address, Process process)
    {
        Address = address;
        _process = process;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Starts it and returns once it answers.</summary>
    /// <param name="authority">The provider it sends people to.</param>
    /// <param name="port">Where to listen; the redirect URI registered at the provider must name the same port.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="name">Its folder in samples.</param>
    /// <param name="settings">What is configured beside that, by environment variables.</param>
    public static async Task<SampleProcess> StartAsync(
        Uri authority, int port, CancellationToken ct, string name = "WebClient", IReadOnlyDictionary<string, string>? settings = null)
    {
        var address = new Uri($"http://localhost:{port}");
        var start = new ProcessStartInfo("dotnet", [Repository.Built($"samples/{name}", $"{name}.dll")])
        {
            WorkingDirectory = Path.Combine(Repository.Root, "samples", name),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = address.AbsoluteUri,
                ["Authority"] = authority.AbsoluteUri.TrimEnd('/'),
            },
        };

        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var sample = new SampleProcess(address, Process.Start(start)!);
        sample._process.OutputDataReceived += sample.Keep;
        sample._process.ErrorDataReceived += sample.Keep;
        sample._process.BeginOutputReadLine();
        sample._process.BeginErrorReadLine();
        await sample.WaitAsync(ct);
        return sample;
    }

    /// <summary>Starts samples/WebClient for a client that was registered just now: as one is by default, and without an API.</summary>
    public static Task<SampleProcess> StartNewAsync(Uri authority, int port, string clientId, string clientSecret, CancellationToken ct) =>
        StartAsync(authority, port, ct, settings: new Dictionary<string, string>
        {
            ["ClientId"] = clientId,
            ["ClientSecret"] = clientSecret,
            ["ClientAuthentication"] = "client_secret_basic",
            ["Api__Resource"] = "",
        });

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitAsync(CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = Address };
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                (await http.GetAsync(new Uri("/", UriKind.Relative), ct)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!_process.HasExited && waited.Elapsed < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), ct);
            }
            catch (HttpRequestException problem)
            {
                throw new InvalidOperationException($"The sample did not start:\n{Output()}", problem);
            }
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.Add(line.Data ?? "");
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return string.Join('\n', _output);
        }
    }
}

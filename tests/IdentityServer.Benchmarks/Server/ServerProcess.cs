using System.Diagnostics;
using System.Globalization;
using System.Net;
using IdentityServer.TestSupport;

namespace IdentityServer.Benchmarks.Server;

/// <summary>The server, in a process of its own: what it costs can be told from what the driver costs.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>All CPU time that the process has used, in user and kernel mode, on all its threads.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The memory that is the process's own at this moment, in MiB, and all that is resident, mapped files included.</summary>
    public (double Own, double Resident) Memory
    {
        get
        {
            var status = File.ReadLines($"/proc/{_process.Id}/status").Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            return (Mebibytes("RssAnon"), Mebibytes("VmRSS"));

            double Mebibytes(string name) =>
                double.Parse(status[name].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
        }
    }

    /// <summary>Starts the product itself.</summary>
    public static ServerProcess Start(Installation installation) => Start(Product(installation));

    /// <summary>Starts the same server without the password hash's work, under the product's own runtime configuration.</summary>
    public static ServerProcess StartWithoutPasswordHash(Installation installation) => Start(Describe(
        installation, "exec", "--runtimeconfig", Beside("IdentityServer.runtimeconfig.json"), "--depsfile", Beside("IdentityServer.Benchmarks.deps.json"),
        Beside("IdentityServer.Benchmarks.dll"), Serve.Verb));

    /// <summary>How to start the product, or one of its verbs.</summary>
    public static ProcessStartInfo Product(Installation installation, params string[] verb) =>
        Describe(installation, [Beside("IdentityServer.dll"), .. verb]);

    /// <summary>Waits for the first answer with status 200.</summary>
    public async Task AnswersAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = Address };
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration");
            request.Headers.Host = new Uri(Installation.Issuer).Host;
            request.Headers.Add("X-Forwarded-Proto", "https");
            try
            {
                using var response = await client.SendAsync(request, cancellationToken);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The server ended with {_process.ExitCode}.");
            }

            await Task.Delay(5, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // As an operator stops it: a signal, and it comes down in order.
            using var signal = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static ServerProcess Start(ProcessStartInfo start)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Console.Error.Write(line.Data is { } text ? text + Environment.NewLine : "");
        process.BeginOutputReadLine();
        return new(process, address);
    }

    private static ProcessStartInfo Describe(Installation installation, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        foreach (var (name, value) in installation.Settings)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);
}

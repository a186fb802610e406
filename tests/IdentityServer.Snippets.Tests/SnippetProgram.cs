using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IdentityServer.Portal.Snippets;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;

namespace IdentityServer.Snippets.Tests;

/// <summary>
/// A snippet as its reader has it: its files in an empty folder, its commands typed one after the other, the secret at the prompt. What is
/// done differently is said by whoever starts it.
/// </summary>
internal sealed class SnippetProgram : IAsyncDisposable
{
    // Debian 12 has Node.js 18, and these libraries need what came after it: npm brings the next, into this folder only.
    private const string LevelNode = """
        case $(node --version) in v1[0-9].*)
          [ -d .node ] || npm install --prefix .node --ignore-scripts --no-audit --no-fund --loglevel=error "node-linux-$(node -p process.arch)@20.19.5" npm@10.9.9
          export PATH="$PWD/.node/node_modules/.bin:$PATH" ;;
        esac
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, string> _environment = new()
    {
        ["PATH"] = $"/usr/bin:/bin:/usr/sbin:{Environment.GetEnvironmentVariable("PATH")}", // Debian's own before anybody's
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1", // nothing is left behind that holds on to the output
        ["UseSharedCompilation"] = "false",
        ["NEXT_TELEMETRY_DISABLED"] = "1",
    };

    private readonly ConcurrentQueue<string> _output = new();
    private readonly Snippet _snippet;
    private readonly string? _secret;
    private IReadOnlyList<string> _run;
    private Process? _process;

    private SnippetProgram(Snippet snippet, string? secret)
    {
        (_snippet, _secret, _run) = (snippet, secret, snippet.Run);
        Folder = Directory.CreateTempSubdirectory($"snippet-{snippet.Key}-").FullName;
        foreach (var file in snippet.Files)
        {
            Write(file.Name, file.Content);
        }
    }

    /// <summary>Where its files are.</summary>
    public string Folder { get; }

    /// <summary>All that it wrote, line by line.</summary>
    public IReadOnlyCollection<string> Output => _output;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Saves a client's snippet of a kind into a folder of its own.</summary>
    public static SnippetProgram Save(Uri issuer, Registered client, string key)
    {
        var snippet = SnippetCatalogue.For(issuer, client.Metadata).Single(snippet => snippet.Key == key);
        snippet.Verified.ShouldBeTrue();
        return new(snippet, client.Secret);
    }

    /// <summary>One more file, or one changed.</summary>
    public void Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    public string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public void Set(string variable, string value) => _environment[variable] = value;

    /// <summary>Has other commands typed than those that run it.</summary>
    public void RunInstead(params string[] commands) => _run = commands;

    /// <summary>Types the commands that install what the snippet needs. npm takes exactly what our lock file says.</summary>
    public async Task InstallAsync()
    {
        var locked = Path.Combine(Repository.Root, "tests", "IdentityServer.Snippets.Tests", "Locks", _snippet.Key, "package-lock.json");
        if (File.Exists(locked))
        {
            File.Copy(locked, Path.Combine(Folder, "package-lock.json"));
        }

        await RunToEndAsync([.. _snippet.Install.Select(command =>
            command == "npm install" ? "npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error" : command)]);
    }

    /// <summary>Runs commands of the test's own, which must succeed.</summary>
    public async Task RunToEndAsync(IReadOnlyList<string> commands)
    {
        using var process = Begin(commands);
        await process.WaitForExitAsync(Cancel).WaitAsync(Patience, Cancel);
        process.ExitCode.ShouldBe(0, Told());
    }

    /// <summary>Types the commands that run it, and waits until it ends.</summary>
    public Task RunToEndAsync() => RunToEndAsync(_run);

    /// <summary>Types the commands that run it, and waits until it listens.</summary>
    public async Task StartAsync(int port)
    {
        _process = Begin(_run);
        await UntilAsync(() => ListensAsync(port), "It does not listen.");
    }

    /// <summary>Types the commands that run it, and waits for something among what it writes.</summary>
    public async Task<string> StartAsync(Func<string, bool> line)
    {
        _process = Begin(_run);
        await UntilAsync(() => Task.FromResult(_output.Any(line)), "It does not say so.");
        return _output.First(line);
    }

    /// <summary>Waits until it is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> done, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!await done())
        {
            (_process!.HasExited || waited.Elapsed > Patience).ShouldBeFalse($"{otherwise}\n{Told()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
        }
    }

    /// <summary>All that it wrote, to explain a failure.</summary>
    public string Told() => string.Join('\n', _output);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }

            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            try
            {
                using var client = new TcpClient(address.AddressFamily);
                await client.ConnectAsync(address, port, Cancel);
                return true;
            }
            catch (SocketException)
            {
                // Not yet, or not there.
            }
        }

        return false;
    }

    private Process Begin(IReadOnlyList<string> commands)
    {
        var start = new ProcessStartInfo("bash", ["-e", "-c", string.Join('\n', [.. _snippet.Install.Contains("npm install") ? [LevelNode] : Array.Empty<string>(), .. commands])])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (commands.Any(command => command.StartsWith("read ", StringComparison.Ordinal)))
        {
            process.StandardInput.WriteLine(_secret);
        }

        return process;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            _output.Enqueue(text);
        }
    }
}

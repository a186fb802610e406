using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.Faults;

/// <summary>
/// An installation on a SQLite file of its own. Its server and its verbs are processes: the product as it was built. It keeps its address
/// over every start, and is gone without a trace when disposed.
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-").FullName;
    private ServerProcess? _server;

    public Installation()
    {
        Address = new($"http://127.0.0.1:{FreePort.Find()}");
        Strangers = CreateClient();
    }

    public Uri Address { get; }

    public SmtpListener Relay { get; } = new();

    /// <summary>The data directory.</summary>
    public string Data => Path.Combine(_directory, "data");

    /// <summary>The server that runs now, or ran last.</summary>
    public ServerProcess Server => _server ?? throw new InvalidOperationException("The server was not started yet.");

    /// <summary>Speaks to the server without keeping cookies.</summary>
    public HttpClient Strangers { get; }

    /// <summary>Starts the server, on what the one before left behind.</summary>
    /// <returns>How long it took until it was ready.</returns>
    public async Task<TimeSpan> StartAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _server = new(Program($"--urls={Address}"), Address);
        return await _server.ReadyAsync();
    }

    /// <summary>Speaks to the server as a browser does, with a jar.</summary>
    public HttpClient CreateClient(CookieContainer? jar = null) =>
        new(new SocketsHttpHandler
        {
            UseCookies = jar is not null,
            CookieContainer = jar ?? new CookieContainer(),
            AllowAutoRedirect = false,
            UseProxy = false,
        })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromMinutes(1),
        };

    /// <summary>Registers a client of ours, with the product's own verb.</summary>
    public async Task<RelyingParty> AddClientAsync()
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await ImportAsync("clients", [new
        {
            client_id = "killed",
            client_secret = secret,
            client_name = "Test app",
            redirect_uris = new[] { RelyingParty.RedirectUri },
            token_endpoint_auth_method = "client_secret_basic",
            grant_types = new[] { "authorization_code", "refresh_token" },
            id_token_signed_response_alg = "ES256",
            scope = "openid profile email offline_access",
            first_party = true,
        }]);
        return new(Strangers, NoBrowser, "killed", secret, "client_secret_basic");
    }

    /// <summary>Imports lines, with the product's own verb.</summary>
    public async Task ImportAsync(string what, IEnumerable<object> lines)
    {
        var file = Path.Combine(_directory, what + ".jsonl");
        await File.WriteAllLinesAsync(file, lines.Select(line => JsonSerializer.Serialize(line)), TestContext.Current.CancellationToken);
        var start = Program(what, "import", file);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var import = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            var output = import.StandardOutput.ReadToEndAsync(limit.Token);
            var error = import.StandardError.ReadToEndAsync(limit.Token);
            await import.WaitForExitAsync(limit.Token);
            import.ExitCode.ShouldBe(0, await output + await error);
        }
        finally
        {
            import.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Strangers.Dispose();
        await Relay.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static Browser NoBrowser() => throw new NotSupportedException("Each browser here needs a network of its own.");

    // The built program lies beside the test's own files.
    private ProcessStartInfo Program(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "IdentityServer.dll"), .. arguments])
        {
            WorkingDirectory = _directory,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["DOTNET_ENVIRONMENT"] = "Development",
                ["Storage__DataDirectory"] = Data,
                ["Proxy__KnownAddresses__0"] = "127.0.0.1",
                ["Mail__From"] = "sign-in@example.com",
                ["Mail__Relays__0__Host"] = "127.0.0.1",
                ["Mail__Relays__0__Port"] = Relay.Port.ToString(CultureInfo.InvariantCulture),
                ["Mail__Relays__0__Security"] = "None",
            },
        };
        return start;
    }
}

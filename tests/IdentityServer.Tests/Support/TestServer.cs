using System.Globalization;
using System.Net;
using IdentityServer.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Support;

/// <summary>How a <see cref="TestServer"/> is set up.</summary>
internal sealed class TestServerSetup
{
    public string Environment { get; set; } = "Development";

    /// <summary>On PostgreSQL (the test is skipped where there is none) instead of a SQLite file.</summary>
    public bool PostgreSql { get; set; }

    /// <summary>Starts with nothing, for a test about what a first start makes or about two installations that share nothing.</summary>
    public bool Fresh { get; set; }

    /// <summary>Mail goes to a listener of the test's own; without, to the development mailbox.</summary>
    public bool Relay { get; set; } = true;

    /// <summary>The server's clock, when the test turns it.</summary>
    public FakeTimeProvider? Time { get; set; }

    /// <summary>Configuration, as on the command line.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Replaces what the outside world would be. Runs before the rooms are added.</summary>
    public Action<WebApplicationBuilder>? Configure { get; set; }

    /// <summary>Shows the server's log among the test's output.</summary>
    public bool ShowLog { get; set; } = true;

    /// <summary>The server answers over https as its origin, with this certificate, instead of plain http.</summary>
    public TestCertificate? Certificate { get; set; }
}

/// <summary>
/// The real server, put together as the program does it, listening on a free port of this machine with data of its own. Several may
/// run at once; each is gone without a trace when disposed.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private const string AnyPort = "127.0.0.1:0";

    private readonly TestServerSetup _setup;
    private readonly TestDatabase? _database;
    private readonly bool _ownsDirectory;
    private readonly bool _ownsRelay;
    private readonly List<HttpClient> _clients = [];
    private WebApplication _app;

    private TestServer(TestServerSetup setup, TestDatabase? database, string directory, bool ownsData, SmtpListener? smtp)
    {
        (_setup, _database, Directory, _ownsDirectory, Smtp, _ownsRelay) = (setup, database, directory, ownsData, smtp ?? new SmtpListener(), smtp is null);
        _app = Build($"{(setup.Certificate is null ? "http" : "https")}://{AnyPort}");
    }

    /// <summary>The relay that the server hands its mail to.</summary>
    public SmtpListener Smtp { get; }

    /// <summary>Where the SQLite file and the root secret are.</summary>
    public string Directory { get; }

    /// <summary>Where browsers find it: the first address that it listens on, or the origin of its certificate. The issuer, unless the test configures another.</summary>
    public Uri Address => _setup.Certificate?.Origin ?? BoundAddress;

    /// <summary>The first address that it listens on.</summary>
    public Uri BoundAddress => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    public WebApplication Application => _app;

    public TestServerSetup Setup => _setup;

    /// <summary>What it is configured with, as on the command line.</summary>
    public IReadOnlyDictionary<string, string?> Configuration => Settings();

    public static async Task<TestServer> StartAsync(Action<TestServerSetup>? configure = null)
    {
        var setup = new TestServerSetup();
        configure?.Invoke(setup);
        var template = ServerTemplate.For(setup) is { } made ? await made : null;
        var database = setup.PostgreSql ? await TestDatabase.CreateAsync(template?.Database) : null;
        var directory = System.IO.Directory.CreateTempSubdirectory("identityserver-").FullName;
        template?.CopyTo(directory);
        return await StartAsync(new TestServer(setup, database, directory, ownsData: true, smtp: null));
    }

    /// <summary>Starts one in a directory, and with a database, that somebody else keeps.</summary>
    public static Task<TestServer> StartInAsync(string directory, TestDatabase? database, Action<TestServerSetup> configure)
    {
        var setup = new TestServerSetup { ShowLog = false };
        configure(setup);
        if (database is not null)
        {
            setup.Settings["Storage:Provider"] = "PostgreSql";
            setup.Settings["Storage:ConnectionString"] = database.ConnectionString;
        }

        return StartAsync(new TestServer(setup, null, directory, ownsData: false, smtp: null));
    }

    /// <summary>Starts one more node of this installation: the same database and root secret, another address.</summary>
    public Task<TestServer> StartAnotherNodeAsync(Action<TestServerSetup>? configure = null)
    {
        var setup = new TestServerSetup { Environment = _setup.Environment, PostgreSql = _setup.PostgreSql, Relay = _setup.Relay, Time = _setup.Time, Configure = _setup.Configure, Certificate = _setup.Certificate };
        foreach (var (key, value) in _setup.Settings)
        {
            setup.Settings[key] = value;
        }

        if (_database is not null)
        {
            setup.Settings["Storage:Provider"] = "PostgreSql";
            setup.Settings["Storage:ConnectionString"] = _database.ConnectionString;
        }

        configure?.Invoke(setup);
        return StartAsync(new TestServer(setup, null, Directory, ownsData: false, Smtp));
    }

    /// <summary>Stops the server and starts it again on the same data, at the same address.</summary>
    public async Task RestartAsync()
    {
        var address = BoundAddress;
        await StopAsync();
        using var held = new HeldPort(address.Port);
        _app = Build(address.GetLeftPart(UriPartial.Authority));
        await _app.StartAsync();
    }

    /// <summary>A client of the server. Redirects are answers to look at, not followed, unless asked for.</summary>
    /// <param name="cookies">Keeps cookies, as a browser does; each client has a jar of its own.</param>
    /// <param name="follow">Follows redirects.</param>
    /// <param name="jar">The jar, when the test looks into it.</param>
    public HttpClient CreateClient(bool cookies = true, bool follow = false, CookieContainer? jar = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseCookies = cookies,
            CookieContainer = jar ?? new CookieContainer(),
            AllowAutoRedirect = follow,
            UseProxy = false,
        };
        _setup.Certificate?.Lead(handler, BoundAddress.Port);
        var client = new HttpClient(handler) { BaseAddress = Address };
        _clients.Add(client);
        return client;
    }

    /// <summary>Does something with services of a scope of its own.</summary>
    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> work)
    {
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await StopAsync();
        if (_ownsRelay)
        {
            await Smtp.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private static async Task<TestServer> StartAsync(TestServer server)
    {
        try
        {
            await server._app.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private WebApplication Build(string address)
    {
        var settings = Settings();
        string[] args = [$"--environment={_setup.Environment}", $"--urls={address}"];
        return IdentityServerHost.Build(args, builder =>
        {
            builder.Configuration.AddInMemoryCollection(settings);
            builder.Logging.ClearProviders();
            if (_setup.ShowLog)
            {
                builder.Logging.AddProvider(new TestOutputLogging());
            }

            if (_setup.Time is { } time)
            {
                builder.Services.AddSingleton<TimeProvider>(time);
            }

            _setup.Configure?.Invoke(builder);
        });
    }

    private Dictionary<string, string?> Settings()
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Storage:DataDirectory"] = Directory,
            ["Mail:From"] = "sign-in@identityserver.example",
        };
        if (_setup.Relay)
        {
            settings["Mail:Relays:0:Host"] = "127.0.0.1";
            settings["Mail:Relays:0:Port"] = Smtp.Port.ToString(CultureInfo.InvariantCulture);
            settings["Mail:Relays:0:Security"] = "None";
        }

        if (_database is not null)
        {
            settings["Storage:Provider"] = "PostgreSql";
            settings["Storage:ConnectionString"] = _database.ConnectionString;
        }

        _setup.Certificate?.Configure(settings);
        foreach (var (key, value) in _setup.Settings)
        {
            settings[key] = value;
        }

        return settings;
    }
}

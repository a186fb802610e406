using System.Data.Common;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Clients;

/// <summary>The Clients room on a SQLite file, without a server around it. Several nodes may share a file.</summary>
internal sealed class ClientsNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly string _directory;
    private readonly bool _ownsDirectory;

    private ClientsNode(string directory, bool ownsDirectory, FakeTimeProvider time)
    {
        (_directory, _ownsDirectory, Time) = (directory, ownsDirectory, time);
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);
        services.AddLogging(logging => logging.AddProvider(Queries));
        services.AddIdentityServerStorage(new StorageSettings(StorageProvider.Sqlite, $"Data Source={Path.Combine(directory, "clients.db")}"));
        services.ConfigureDbContext<IdentityServerDbContext>(builder => builder.AddInterceptors(Reads));
        services.AddHttpContextAccessor();
        services.AddScoped<AuditTrail>();
        services.AddSingleton(new Installation(new ProductOptions(), new Uri("https://id.example/"), development: true, null!));
        services.AddClients();
        _services = services.BuildServiceProvider(validateScopes: true);
    }

    public FakeTimeProvider Time { get; }

    public QueryCounter Queries { get; } = new();

    public HeldRead Reads { get; } = new();

    public ClientCache Cache => _services.GetRequiredService<ClientCache>();

    public static async Task<ClientsNode> StartAsync()
    {
        var node = new ClientsNode(Directory.CreateTempSubdirectory("identityserver-clients-").FullName, ownsDirectory: true, new FakeTimeProvider());
        await node._services.GetRequiredService<StorageMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
        return node;
    }

    public ClientsNode StartAnother() => new(_directory, ownsDirectory: false, Time);

    /// <summary>Does something with services of a scope of its own, as a request would.</summary>
    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> work)
    {
        await using var scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider);
    }

    public Task<T> WithManagerAsync<T>(Func<ClientManager, Task<T>> work) => InScopeAsync(services => work(services.GetRequiredService<ClientManager>()));

    public Task<RegisterOutcome> RegisterAsync(ClientMetadata client) => InScopeAsync(services =>
        services.GetRequiredService<ClientRegistry>().RegisterAsync(client, TestContext.Current.CancellationToken));

    public Task<UpdateOutcome> UpdateAsync(ClientMetadata client) => InScopeAsync(services =>
        services.GetRequiredService<ClientRegistry>().UpdateAsync(client, TestContext.Current.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_ownsDirectory)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    /// <summary>Holds up the next reader after it has read, so that a test can do something meanwhile.</summary>
    public sealed class HeldRead : DbCommandInterceptor
    {
        private TaskCompletionSource? _reached;
        private TaskCompletionSource? _released;

        /// <summary>The next read of a client is held.</summary>
        /// <returns>Completes when it is.</returns>
        public Task HoldNext()
        {
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }

        public void Release() => _released!.SetResult();

        public override async ValueTask<DbDataReader> ReaderExecutedAsync(
            DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Exchange(ref _reached, null) is { } reached)
            {
                reached.SetResult();
                await _released!.Task.WaitAsync(cancellationToken);
            }

            return result;
        }
    }

    /// <summary>Counts what is asked of the database.</summary>
    public sealed class QueryCounter : ILoggerProvider, ILogger
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == "Microsoft.EntityFrameworkCore.Database.Command.CommandExecuted")
            {
                Interlocked.Increment(ref _count);
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Clients to register.</summary>
internal static class SomeClient
{
    public const string StrongSecret = "0123456789abcdefghijklmnopqrstuv";

    public static ClientMetadata Shop => new()
    {
        ClientId = "shop",
        ClientName = "Shop",
        ClientSecret = Secret(StrongSecret),
        RedirectUris = ["https://shop.example/cb"],
        PostLogoutRedirectUris = ["https://shop.example/bye"],
        Scope = "openid email offline_access",
    };

    public static ClientSecret Secret(string value)
    {
        ClientSecret.TryParse(value, out var secret).ShouldBeTrue();
        return secret!;
    }
}

using System.Collections.Concurrent;
using IdentityServer.Domain.Outbox;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Outbox;

/// <summary>The outbox room over a real database, with one kind of message whose delivery the test decides.</summary>
internal sealed class OutboxHarness : IAsyncDisposable
{
    public const string Kind = "test";

    private static readonly DateTimeOffset Start = new(2026, 3, 9, 14, 0, 0, TimeSpan.Zero);

    private readonly StorageSettings _settings;
    private readonly string _directory;
    private readonly TestDatabase? _database;
    private readonly List<WebApplication> _nodes = [];
    private readonly Guid _user = Guid.NewGuid();

    private OutboxHarness(TestDatabase? database)
    {
        _database = database;
        _directory = Directory.CreateTempSubdirectory("outbox-").FullName;
        _settings = database is null
            ? new(StorageProvider.Sqlite, $"Data Source={Path.Combine(_directory, "test.db")}")
            : new(StorageProvider.PostgreSql, database.ConnectionString);
        Deliver = (_, _) => Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.HandedOver("taken"));
    }

    public WatchedTime Time { get; } = new(Start);

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>What a delivery does.</summary>
    public Func<OutboxMessage, CancellationToken, Task<DeliveryOutcome>> Deliver { get; set; }

    /// <summary>Every delivery that began, and when.</summary>
    public ConcurrentQueue<(Guid Id, DateTimeOffset At)> Attempts { get; } = new();

    public DatabaseOutage Outage { get; } = new();

    public ConcurrentQueue<string> Log { get; } = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>With one node that is not started yet, unless the test says otherwise.</summary>
    public static async Task<OutboxHarness> CreateAsync(bool start = true, bool postgreSql = false)
    {
        var harness = new OutboxHarness(postgreSql ? await TestDatabase.CreateAsync() : null);
        var node = harness.AddNode(harness.Time);
        await node.Services.GetRequiredService<StorageMigrator>().MigrateAsync(Ct);
        await harness.WithDbAsync(async db =>
        {
            db.Users.Add(new User { Id = harness._user, Email = "ann@example.org", NormalizedEmail = "ann@example.org" });
            await db.SaveChangesAsync(Ct);
            return 0;
        });
        if (start)
        {
            await StartAsync(node);
        }

        return harness;
    }

    /// <summary>Puts a node together; its services are at hand before it starts.</summary>
    public WebApplication AddNode(TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(time);
        builder.Services.AddIdentityServerStorage(_settings);
        Outage.StandBefore(builder.Services);
        builder.Services.AddScoped<IOutboxHandler>(_ => new Handler(this));
        builder.Logging.ClearProviders().AddProvider(new Logger(Log));
        builder.AddOutbox();
        var node = builder.Build();
        _nodes.Add(node);
        return node;
    }

    public WebApplication Node => _nodes[0];

    /// <summary>Starts a node's dispatcher, and nothing else of a server.</summary>
    public static Task StartAsync(WebApplication node) => Dispatcher(node).StartAsync(Ct);

    public static Task StopAsync(WebApplication node) => Dispatcher(node).StopAsync(CancellationToken.None);

    public async Task<Guid> EnqueueAsync(TimeSpan? life = null, bool notify = true, Action<OutboxMessage>? change = null)
    {
        var message = new OutboxMessage
        {
            Id = Guid.NewGuid(),
            Kind = Kind,
            UserId = _user,
            CreatedAt = Now,
            DueAt = Now,
            ExpiresAt = Now + (life ?? TimeSpan.FromMinutes(30)),
        };
        change?.Invoke(message);
        await WithDbAsync(async db =>
        {
            db.OutboxMessages.Add(message);
            await db.SaveChangesAsync(Ct);
            return 0;
        });
        if (notify)
        {
            Notify();
        }

        return message.Id;
    }

    public void Notify() => _nodes.ForEach(node => node.Services.GetRequiredService<OutboxSignal>().Notify());

    public Task<OutboxMessage> RowAsync(Guid id) => WithDbAsync(db => db.OutboxMessages.AsNoTracking().SingleAsync(message => message.Id == id, Ct));

    /// <summary>Waits until something is written of a message.</summary>
    public async Task<OutboxMessage> UntilAsync(Guid id, Func<OutboxMessage, bool> condition)
    {
        using var limit = Limit();
        while (true)
        {
            var row = await RowAsync(id);
            if (condition(row))
            {
                return row;
            }

            await Task.Delay(2, limit.Token);
        }
    }

    /// <summary>Waits until a line of the log holds this text.</summary>
    public async Task UntilLoggedAsync(string text)
    {
        using var limit = Limit();
        while (!Log.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            await Task.Delay(2, limit.Token);
        }
    }

    // Real time, and far more than anything here takes: what never comes must fail its test, not keep the whole run waiting.
    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        return limit;
    }

    /// <summary>Turns the clock, and waits until all that became due by it has been done and written down.</summary>
    public async Task AdvanceAsync(TimeSpan span)
    {
        await QuietAsync();
        var begun = Time.Begun;
        Time.Advance(span);
        while (Time.Waiting == 0 && Time.Begun == begun)
        {
            await Task.Delay(1, Ct);
        }

        await QuietAsync();
    }

    /// <summary>Waits until nothing is under way and the (one) node waits for the clock or the signal.</summary>
    public async Task QuietAsync()
    {
        // In this order: once a written outcome shows, the wait that goes on is one that began after it.
        while (await WithDbAsync(db => db.OutboxMessages.AnyAsync(message => message.LeasedBy != null && message.LeasedBy != "another", Ct)) || Time.Waiting == 0)
        {
            await Task.Delay(1, Ct);
        }
    }

    public async Task<T> WithDbAsync<T>(Func<IdentityServerDbContext, Task<T>> work)
    {
        await using var scope = _nodes[0].Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>());
    }

    public async ValueTask DisposeAsync()
    {
        Outage.Down = false;
        foreach (var node in _nodes)
        {
            await StopAsync(node);
            await node.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private static OutboxDispatcher Dispatcher(WebApplication node) => node.Services.GetServices<IHostedService>().OfType<OutboxDispatcher>().Single(dispatcher => dispatcher.Queue == OutboxQueue.Mail);

    private sealed class Handler(OutboxHarness harness) : IOutboxHandler
    {
        public string Kind => OutboxHarness.Kind;

        public Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken ct)
        {
            harness.Attempts.Enqueue((message.Id, harness.Now));
            return harness.Deliver(message, ct);
        }
    }

    private sealed class Logger(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
    }
}

/// <summary>Stands before the outbox's operations of every node: counts what they are asked for, and refuses while the database is down.</summary>
internal sealed class DatabaseOutage
{
    private int _trips;

    public bool Down { get; set; }

    /// <summary>How often a node has turned to the database.</summary>
    public int Trips => Volatile.Read(ref _trips);

    public void StandBefore(IServiceCollection services)
    {
        var real = services.Last(service => service.ServiceType == typeof(OutboxOperations)).ImplementationFactory!;
        services.AddScoped(provider =>
        {
            Interlocked.Increment(ref _trips);
            return Down ? throw new TimeoutException("The database is down.") : (OutboxOperations)real(provider);
        });
    }
}

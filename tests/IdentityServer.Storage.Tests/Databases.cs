using IdentityServer.TestSupport;
using Npgsql;

namespace IdentityServer.Storage.Tests;

/// <summary>An empty, migrated database of its own for the tests of one class.</summary>
public abstract class Database : IAsyncDisposable
{
    private readonly SemaphoreSlim _once = new(1, 1);
    private StorageSettings? _settings;

    public StorageSettings Settings => _settings ?? throw new InvalidOperationException("Not ready.");

    // Asked for by each test, not by the fixture's own start: a skip must reach the test.
    public async Task ReadyAsync()
    {
        await _once.WaitAsync();
        try
        {
            if (_settings is null)
            {
                var settings = await CreateAsync();
                await new StorageMigrator(settings).MigrateAsync(CancellationToken.None);
                _settings = settings;
            }
        }
        finally
        {
            _once.Release();
        }
    }

    public abstract Task<StorageSettings> CreateAsync();

    public abstract ValueTask DisposeAsync();
}

public sealed class SqliteDatabase : Database
{
    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-storage-").FullName;

    public override Task<StorageSettings> CreateAsync() =>
        Task.FromResult(new StorageSettings(StorageProvider.Sqlite, $"Data Source={Path.Combine(_directory, $"{Guid.NewGuid():N}.db")}"));

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

public sealed class PostgreSqlDatabase : Database
{
    private readonly List<TestDatabase> _databases = [];

    public override async Task<StorageSettings> CreateAsync()
    {
        var database = await TestDatabase.CreateAsync();
        _databases.Add(database);
        return new(StorageProvider.PostgreSql, new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 16 }.ConnectionString);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var database in _databases)
        {
            await database.DisposeAsync();
        }
    }
}

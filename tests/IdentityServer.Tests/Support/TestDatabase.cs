using IdentityServer.TestSupport;
using Npgsql;

namespace IdentityServer.Tests.Support;

/// <summary>A PostgreSQL database of a test's own, dropped after it.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _administration;
    private readonly string _name;

    private TestDatabase(string administration, string name)
    {
        _administration = administration;
        _name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(administration) { Database = name, Pooling = true }.ConnectionString;
    }

    public string ConnectionString { get; }

    /// <summary>Skips the test where there is no PostgreSQL.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        var administration = Requires.PostgreSql();
        var database = new TestDatabase(administration, $"identityserver_test_{Guid.NewGuid():N}");
        await database.ExecuteAsync($"CREATE DATABASE \"{database._name}\"");
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ExecuteAsync($"DROP DATABASE IF EXISTS \"{_name}\" WITH (FORCE)");
    }

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_administration) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync();
    }
}

using Npgsql;

namespace IdentityServer.TestSupport;

/// <summary>A PostgreSQL database of a test's own, dropped after it.</summary>
public sealed class TestDatabase : IAsyncDisposable
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

    public string Name => _name;

    /// <summary>Skips the test where there is no PostgreSQL.</summary>
    /// <param name="template">The database to begin with a copy of, to which nobody may be connected; null to begin with nothing.</param>
    public static async Task<TestDatabase> CreateAsync(string? template = null)
    {
        var administration = Requires.PostgreSql();
        var database = new TestDatabase(administration, $"identityserver_test_{Guid.NewGuid():N}");
        await database.ExecuteAsync($"CREATE DATABASE \"{database._name}\"" + (template is null ? "" : $" TEMPLATE \"{template}\""));
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        for (var left = 10; ; left--)
        {
            try
            {
                // By turns: FORCE ends the sessions of nodes that were killed, but fails at an autovacuum worker, which is nobody's
                // but the superuser's (42501); the plain one sends the worker away, but fails at sessions (55006).
                await ExecuteAsync($"DROP DATABASE IF EXISTS \"{_name}\"{(left % 2 == 0 ? " WITH (FORCE)" : "")}");
                return;
            }
            catch (PostgresException exception) when (left > 0
                && exception.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ObjectInUse)
            {
                // The other way.
            }
        }
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

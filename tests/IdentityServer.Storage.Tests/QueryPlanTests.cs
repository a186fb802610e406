using System.Reflection;
using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>No statement of ours reads a whole table: what is fast with ten rows stays so with ten million.</summary>
public sealed class QueryPlanTests(SqliteDatabase database) : StorageContract(database), IClassFixture<SqliteDatabase>
{
    private static readonly string[] Locking = ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE"];

    public static TheoryData<string> Statements => [.. All().Select(statement => statement.Name)];

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Every_statement_finds_its_rows_by_an_index(string name) => await InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        await db.Database.OpenConnectionAsync(Cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + All().Single(statement => statement.Name == name).Sql.Text;
        var steps = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
        {
            steps.Add(reader.GetString(3));
        }

        foreach (var scan in steps.Where(step => step.StartsWith("SCAN ", StringComparison.Ordinal) && step != "SCAN CONSTANT ROW"))
        {
            // The index of what is due holds nothing else, so reading it from end to end is reading what is due.
            scan.ShouldContain("USING INDEX IX_outbox_messages_DueAt", customMessage: string.Join(Environment.NewLine, steps));
        }
    });

    [Fact]
    public void There_are_statements_to_look_at() => All().Count().ShouldBeGreaterThan(40);

    // Kept statements are static fields of the assembly; those for PostgreSQL alone say so by their locking.
    private static IEnumerable<(string Name, SqlText Sql)> All() =>
        from type in typeof(SqlText).Assembly.GetTypes()
        where !type.ContainsGenericParameters
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let value = field.GetValue(null)
        let sql = value as SqlText ?? value?.GetType().GetProperty("OnSqlite")?.GetValue(value) as SqlText
        where sql is not null && !Locking.Any(words => sql.Text.Contains(words, StringComparison.Ordinal))
        select ($"{type.Name}.{field.Name}", sql);
}

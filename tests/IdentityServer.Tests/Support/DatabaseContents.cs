using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Support;

/// <summary>All that is stored, for tests that hold against each other what was there before and after.</summary>
internal static class DatabaseContents
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What is in each table, as text that is the same as long as nothing in it changes; once no message is under way.</summary>
    /// <returns>By the names of the entities.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> ContentsAsync(this World world)
    {
        await world.QuietAsync();
        return await world.ReadAsync(async db =>
        {
            await db.Database.OpenConnectionAsync(Cancel);
            var tables = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entity in db.Model.GetEntityTypes())
            {
                tables.Add(entity.ShortName(), await ReadAsync(db.Database.GetDbConnection(), entity.GetTableName()!));
            }

            return tables;
        });
    }

    // As it stands in the table: no column can be left out by an entity that does not show it.
    private static async Task<string> ReadAsync(DbConnection connection, string table)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"""SELECT * FROM "{table}" """;
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var (rows, row) = (new List<string>(), new object[reader.FieldCount]);
        while (await reader.ReadAsync(Cancel))
        {
            reader.GetValues(row);
            rows.Add(string.Join('|', row.Select(value => value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture))));
        }

        return string.Join('\n', rows.Order(StringComparer.Ordinal));
    }
}

using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace IdentityServer.Storage.Connections;

/// <summary>Commands of SQLite connections, prepared once and kept for as long as their connection lives.</summary>
internal static class PreparedCommands
{
    private static readonly ConditionalWeakTable<DbConnection, Dictionary<SqlText, DbCommand>> Kept = [];

    /// <summary>The connection's command for a statement, with parameters named <c>$1</c> and on.</summary>
    public static DbCommand Of(DbConnection connection, SqlText sql, int parameters)
    {
        var commands = Kept.GetOrCreateValue(connection);
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql.Text;
            for (var index = 1; index <= parameters; index++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"${index}");
                command.Parameters.Add(parameter);
            }

            commands.Add(sql, command);
        }

        return command;
    }
}

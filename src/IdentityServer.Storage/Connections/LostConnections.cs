using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace IdentityServer.Storage.Connections;

/// <summary>
/// Empties the pool when PostgreSQL has ended a connection. It seldom ends one alone: after a restart or a failover all that are pooled
/// are dead, and each would fail one more request before it is noticed.
/// </summary>
internal sealed class LostConnections : DbCommandInterceptor
{
    public static LostConnections Instance { get; } = new();

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Forget(eventData.Exception, command.Connection);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Forget(eventData.Exception, command.Connection);
        return Task.CompletedTask;
    }

    /// <summary>Empties the pool of a connection if this failure says that its peer is gone.</summary>
    public static void Forget(Exception failure, DbConnection? connection)
    {
        if (connection is NpgsqlConnection lost && IsLoss(failure))
        {
            NpgsqlConnection.ClearPool(lost);
        }
    }

    private static bool IsLoss(Exception failure) => failure switch
    {
        PostgresException ended => ended.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow,
        NpgsqlException broken => broken.InnerException is IOException,
        _ => IsBrokenDriver(failure),
    };

    /// <summary>
    /// Whether the driver stumbled over a pooled connection that had been cut off in the middle of an answer: it gives such a one out again,
    /// and then fails by itself. What was asked was not answered, and another connection answers it.
    /// </summary>
    public static bool IsBrokenDriver(Exception? failure) => failure is NullReferenceException { Source: "Npgsql" };
}

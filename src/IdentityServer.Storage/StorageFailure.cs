using IdentityServer.Storage.Connections;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IdentityServer.Storage;

/// <summary>Tells what a failure of the database means to those who know no database.</summary>
public static class StorageFailure
{
    // SQLite's result codes (sqlite.org/rescode.html).
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;
    private const int ForeignKeyMissing = 787;

    private static readonly string[] _refusals =
        [PostgresErrorCodes.InvalidPassword, PostgresErrorCodes.InvalidAuthorizationSpecification, PostgresErrorCodes.InvalidCatalogName,
         PostgresErrorCodes.InsufficientPrivilege];

    /// <summary>
    /// Whether the database was away, locked or full, or what the request built on was deleted at this moment, as a client that another node
    /// still knew: asked again a little later the same request is answered.
    /// </summary>
    public static bool IsPassing(Exception? failure) => Causes(failure).Any(cause => LostConnections.IsBrokenDriver(cause) || cause is TimeoutException
        or NpgsqlException { IsTransient: true }
        or PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation }
        or SqliteException { SqliteErrorCode: Busy or Locked or InputOutput or Full }
        or SqliteException { SqliteExtendedErrorCode: ForeignKeyMissing });

    /// <summary>The driver's own words when the database cannot be used at all as it is configured; null for any other failure.</summary>
    public static string? OfConfigured(Exception? failure) => Causes(failure).FirstOrDefault(cause => cause switch
    {
        SqliteException sqlite => sqlite.SqliteErrorCode is ReadOnly or InputOutput or Corrupt or Full or CannotOpen or NotADatabase,
        PostgresException refused => refused.IsTransient || _refusals.Contains(refused.SqlState, StringComparer.Ordinal),
        NpgsqlException => true,
        _ => false,
    })?.Message;

    private static IEnumerable<Exception> Causes(Exception? failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}

namespace IdentityServer.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(1201, LogLevel.Warning, "Message {Id} ({Kind}) was refused for good: {Reply}")]
    public static partial void Refused(ILogger logger, Guid id, string kind, string? reply);

    [LoggerMessage(1202, LogLevel.Information, "Message {Id} ({Kind}) was not taken ({Failures} times now), next try at {NextAt:O}: {Reply}")]
    public static partial void Deferred(ILogger logger, Guid id, string kind, int failures, DateTimeOffset nextAt, string? reply);

    [LoggerMessage(1203, LogLevel.Warning, "Message {Id} ({Kind}) is abandoned: it would come too late. {Reply}")]
    public static partial void Abandoned(ILogger logger, Guid id, string kind, string? reply);

    [LoggerMessage(1204, LogLevel.Warning, "{Count} messages expired while nobody was sending, and are abandoned.")]
    public static partial void Expired(ILogger logger, int count);

    // No exception object: what a mail library says may hold the address.
    [LoggerMessage(1205, LogLevel.Error, "Delivering message {Id} ({Kind}) failed with {Exception}:\n{StackTrace}")]
    public static partial void Failed(ILogger logger, Guid id, string kind, string exception, string? stackTrace);

    [LoggerMessage(1206, LogLevel.Error, "Message {Id} is of the kind {Kind}, which this version does not deliver.")]
    public static partial void UnknownKind(ILogger logger, Guid id, string kind);

    [LoggerMessage(1207, LogLevel.Warning, "Message {Id} ({Kind}) took longer than its lease; what became of it here is not written down.")]
    public static partial void LeaseLost(ILogger logger, Guid id, string kind);

    [LoggerMessage(1208, LogLevel.Error, "The outbox cannot be read or written; sending goes on once it can.")]
    public static partial void StorageFailed(ILogger logger, Exception exception);

    [LoggerMessage(1209, LogLevel.Information, "The outbox can be read and written again.")]
    public static partial void StorageRecovered(ILogger logger);
}

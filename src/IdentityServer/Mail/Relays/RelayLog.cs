namespace IdentityServer.Mail.Relays;

internal static partial class RelayLog
{
    [LoggerMessage(1301, LogLevel.Error, "Mail relay {Relay} takes no mail: {Reply} Other relays are tried first for a while.")]
    public static partial void Unavailable(ILogger logger, RelaySettings relay, string reply);

    [LoggerMessage(1302, LogLevel.Information, "Mail relay {Relay} takes mail again.")]
    public static partial void Available(ILogger logger, RelaySettings relay);

    [LoggerMessage(1303, LogLevel.Warning, "Mail relay {Relay} had the content and its answer got lost: {Reply} The message may arrive twice.")]
    public static partial void AnswerLost(ILogger logger, RelaySettings relay, string reply);
}

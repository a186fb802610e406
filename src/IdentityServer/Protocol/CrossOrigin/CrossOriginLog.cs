namespace IdentityServer.Protocol.CrossOrigin;

internal static partial class CrossOriginLog
{
    // The browser tells its developer little and the page nothing, so it must be said here.
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "A page of {Origin} may not read {Path}: no public client of application_type web has a redirect URI of that origin.")]
    public static partial void OriginNotRegistered(this ILogger logger, string origin, PathString path);
}

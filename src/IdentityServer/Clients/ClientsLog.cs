namespace IdentityServer.Clients;

internal static partial class ClientsLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The client {ClientId} named a redirect URI that it has not registered.")]
    public static partial void RedirectUriNotRegistered(this ILogger logger, string? clientId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The client {ClientId} authenticated by {Used} but is registered for {Registered}.")]
    public static partial void WrongAuthenticationMethod(this ILogger logger, string clientId, string used, string registered);

    [LoggerMessage(Level = LogLevel.Information, Message = "An assertion of the client {ClientId} is refused: {Reason}")]
    public static partial void AssertionRefused(this ILogger logger, string clientId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "What the client {ClientId} registered as {Member} was not read: {Reason}")]
    public static partial void DocumentNotRead(this ILogger logger, string clientId, string member, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The demo client {ClientId} is registered.")]
    public static partial void DemoClientRegistered(this ILogger logger, string clientId);

    [LoggerMessage(Level = LogLevel.Information, Message = "The demo resource {Resource} is registered.")]
    public static partial void DemoResourceRegistered(this ILogger logger, string resource);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A demo resource was not registered: {Problem}")]
    public static partial void DemoResourceRefused(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A demo client was not registered: {Problem}")]
    public static partial void DemoClientRefused(this ILogger logger, string problem);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The management API {Resource} is not registered, so nobody gets tokens for it: {Problem}")]
    public static partial void BuiltInResourceRefused(this ILogger logger, string resource, string problem);
}

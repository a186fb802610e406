using System.Reflection;
using IdentityServer.Settings;

namespace IdentityServer.Hosting;

/// <summary>The last lines at the start: where to click, or where the server answers.</summary>
internal static partial class StartBanner
{
    public static void Show(WebApplication app)
    {
        var installation = app.Services.GetRequiredService<Installation>();
        var version = typeof(StartBanner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        LogRunning(app.Logger, installation.ProductName, version, app.Environment.EnvironmentName, string.Join(", ", app.Urls));
        LogData(app.Logger, app.Services.GetRequiredService<DataDirectory>().Path);
        if (!installation.IsDevelopment)
        {
            LogIssuer(app.Logger, installation.Issuer);
            return;
        }

        LogTry(app.Logger, installation.Issuer);
        if (app.Services.GetRequiredService<Mail.MailOptions>().Relays.Count == 0)
        {
            LogMailbox(app.Logger, new Uri(installation.Issuer, "/dev/mailbox"));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Product} {Version} runs in {Environment} on {Addresses}. Ctrl+C stops it.")]
    private static partial void LogRunning(ILogger logger, string product, string? version, string environment, string addresses);

    [LoggerMessage(Level = LogLevel.Information, Message = "Data:            {Directory}")]
    private static partial void LogData(ILogger logger, string directory);

    [LoggerMessage(Level = LogLevel.Information, Message = "Issuer:          {Issuer}")]
    private static partial void LogIssuer(ILogger logger, Uri issuer);

    [LoggerMessage(Level = LogLevel.Information, Message = "Try a sign-in:   {Home}")]
    private static partial void LogTry(ILogger logger, Uri home);

    [LoggerMessage(Level = LogLevel.Information, Message = "Read its mail:   {Mailbox}")]
    private static partial void LogMailbox(ILogger logger, Uri mailbox);
}

using IdentityServer.Hosting;
using IdentityServer.Settings;
using Microsoft.Extensions.Logging.Console;

namespace IdentityServer.Maintenance;

/// <summary>Builds the server for a verb, without starting it.</summary>
internal sealed class VerbHost(string[] configuration, Action<WebApplicationBuilder>? configure)
{
    /// <summary>The host, whatever state the database is in.</summary>
    /// <exception cref="ConfigurationException">The configuration is refused.</exception>
    public WebApplication Build() => IdentityServerHost.Build(configuration, builder =>
    {
        // Standard output belongs to the verb's result.
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Configuration.AddInMemoryCollection([new("Logging:LogLevel:Default", "Warning")]);
        configure?.Invoke(builder);
    });

    /// <summary>The host with a database that is ready for use.</summary>
    /// <exception cref="ConfigurationException">The configuration is refused, or the database is not migrated.</exception>
    public async Task<WebApplication> OpenAsync(CancellationToken cancellationToken)
    {
        var app = Build();
        try
        {
            await app.Services.GetRequiredService<Preparation>().PrepareAsync(cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}

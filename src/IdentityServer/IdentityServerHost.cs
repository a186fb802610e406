using IdentityServer.Account;
using IdentityServer.Alerts;
using IdentityServer.Api;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Egress;
using IdentityServer.Grants;
using IdentityServer.Home;
using IdentityServer.Hosting;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Ownership;
using IdentityServer.Portal;
using IdentityServer.Protocol;
using IdentityServer.Sessions;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using IdentityServer.TestUsers;
using IdentityServer.Trials;
using IdentityServer.Users;
using Microsoft.AspNetCore.Connections;

namespace IdentityServer;

/// <summary>Puts the rooms together. The program, the verbs and the tests all build the server here, so that they build the same one.</summary>
internal static class IdentityServerHost
{
    // What a shell reports for a program that Ctrl+C ended.
    private const int StoppedWhileStarting = 130;

    /// <summary>Builds the server without starting it.</summary>
    /// <param name="args">The command line: <c>--Key=value</c> pairs of the configuration.</param>
    /// <param name="configure">Adds configuration or replaces services of the outside world (clock, server) before any room reads them.</param>
    /// <exception cref="ConfigurationException">The configuration is refused.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        NativeHeap.Limit();

        // Slim: without IIS, HTTP/3 and what else comes loaded with the other one, and is never used here.
        var builder = WebApplication.CreateSlimBuilder(HostEnvironment.Options(args));
        configure?.Invoke(builder);
        builder.AddSettings().AddLanguages();
        builder.AddFoundations().AddHosting();
        builder.AddOutbox().AddAudit().AddEgress().AddDiagnostics();
        builder.AddMail();
        builder.AddUsers().AddSessions().AddClients().AddGrants();
        builder.AddAlerts().AddTestUsers().AddOwnership().AddTrials();
        builder.AddSignIn().AddProtocol();
        builder.AddHome().AddAccount().AddPortal().AddApi();
        builder.SettingsReport().ThrowIfAny();

        var app = builder.Build();
        app.UseHosting();
        app.MapClients();
        app.MapProtocol();
        app.MapAccount();
        app.MapApi();
        return app;
    }

    /// <summary>Runs the server until it is told to stop.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using var app = Build(args);
            await StartAsync(app);
            StartBanner.Show(app);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (ConfigurationException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return ConfigurationException.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return StoppedWhileStarting;
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"The server did not start: {taken.Message} Choose another address with --urls or ASPNETCORE_URLS.");
            return ConfigurationException.ExitCode;
        }
    }
    // Services that run already are told to stop before they lose what they run on.
    private static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.StopAsync();
            throw;
        }
    }
}

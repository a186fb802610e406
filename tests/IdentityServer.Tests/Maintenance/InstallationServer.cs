using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Maintenance;

/// <summary>The server of an installation that verbs work on.</summary>
internal static class InstallationServer
{
    public static Task<TestServer> OpenAsync(VerbRun installation) =>
        TestServer.StartAsync(setup => setup.Settings["Storage:DataDirectory"] = installation.Directory);
}

using IdentityServer.Settings;

namespace IdentityServer.Hosting;

/// <summary>What every environment but Development demands before it starts, and what no environment lets through.</summary>
internal static class ProductionGuard
{
    private const string TrustEveryProxy = "ForwardedHeaders_Enabled";

    public static void Check(WebApplicationBuilder builder, ProxyOptions proxy)
    {
        var report = builder.SettingsReport();
        var configuration = builder.Configuration;

        // The framework's switch believes forwarded headers from anyone.
        if (string.Equals(configuration[TrustEveryProxy], "true", StringComparison.OrdinalIgnoreCase))
        {
            report.Add(new ConfigurationProblem(
                TrustEveryProxy,
                "would believe X-Forwarded headers from anyone.",
                "Remove it (environment variable ASPNETCORE_FORWARDEDHEADERS_ENABLED) and name your proxies in Proxy:KnownAddresses or Proxy:KnownNetworks."));
        }

        if (builder.Environment.IsDevelopment())
        {
            return;
        }

        if (!proxy.AnyKnown && !ListeningAddresses.AnyHttps(configuration))
        {
            report.Add(new ConfigurationProblem(
                "Kestrel:Endpoints",
                "has no https address, and no proxy that ends TLS is known.",
                "Give an https address and Kestrel:Certificates:Default:Path, or name the proxy in Proxy:KnownAddresses or Proxy:KnownNetworks."));
        }

        ListeningAddresses.CheckCertificates(builder.Environment.ContentRootPath, configuration, report);
    }
}

using IdentityServer.Settings;

namespace IdentityServer.Hosting;

/// <summary>Where the configuration has the server listen: the framework's own keys, looked at before the framework does.</summary>
internal static class ListeningAddresses
{
    private const string Endpoints = "Kestrel:Endpoints";
    private const string Certificate = "Kestrel:Certificates:Default";

    /// <summary>Whether any address is configured.</summary>
    public static bool AnyNamed(IConfiguration configuration) =>
        new[] { WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey }.Any(key => !string.IsNullOrWhiteSpace(configuration[key]))
        || configuration.GetSection(Endpoints).Exists();

    /// <summary>Whether any of them is an https address.</summary>
    public static bool AnyHttps(IConfiguration configuration) => Configured(configuration).Any()
        ? Configured(configuration).Any(endpoint => IsHttps(endpoint["Url"] ?? "")) // then Kestrel looks at nothing else
        : Named(configuration).Any(IsHttps) || !string.IsNullOrWhiteSpace(configuration[WebHostDefaults.HttpsPortsKey]);

    /// <summary>Reports addresses that cannot be listened on.</summary>
    public static void Check(IConfiguration configuration, SettingsReport report)
    {
        if (!Named(configuration).All(IsAddress))
        {
            report.Add(new ConfigurationProblem(
                WebHostDefaults.ServerUrlsKey,
                "is not a list of addresses to listen on.",
                "Give one such as http://localhost:5080, or several with semicolons between them (--urls or ASPNETCORE_URLS)."));
        }
    }

    /// <summary>Reports https addresses without a certificate of their own: one made for a developer's machine does not count.</summary>
    public static void CheckCertificates(string contentRoot, IConfiguration configuration, SettingsReport report)
    {
        var given = configuration.GetSection(Certificate);
        var lacking = Configured(configuration).Any()
            ? Configured(configuration).Any(endpoint => IsHttps(endpoint["Url"] ?? "") && !endpoint.GetSection("Certificate").Exists() && !endpoint.GetSection("Sni").Exists())
            : AnyHttps(configuration);
        if (lacking && !given.Exists())
        {
            report.Add(new ConfigurationProblem(
                Certificate,
                "is missing, and there is an https address.",
                $"Set {Certificate}:Path, and KeyPath or Password as the file needs them."));
        }

        if (given["Path"] is { Length: > 0 } path && !File.Exists(Path.Combine(contentRoot, path)))
        {
            report.Add(new ConfigurationProblem($"{Certificate}:Path", "names no file.", "Give the path of a certificate that the server's user may read."));
        }
    }

    private static string[] Named(IConfiguration configuration) =>
        (configuration[WebHostDefaults.ServerUrlsKey] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<IConfigurationSection> Configured(IConfiguration configuration) => configuration.GetSection(Endpoints).GetChildren();

    private static bool IsHttps(string address) => address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static bool IsAddress(string address)
    {
        try
        {
            var binding = BindingAddress.Parse(address);
            return binding.Scheme.ToLowerInvariant() is "http" or "https" && (binding.IsUnixPipe || binding.IsNamedPipe || binding.Port is >= 0 and <= 65535);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

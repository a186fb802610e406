namespace IdentityServer.Settings;

/// <summary>The key <c>Issuer</c>: the origin at which clients and people reach this server.</summary>
internal static class IssuerSetting
{
    public const string Key = "Issuer";

    /// <summary>The configured issuer; null when there is none or it does not do, which the report then tells.</summary>
    public static Uri? Read(IConfiguration configuration, SettingsReport report, bool development)
    {
        foreach (var child in configuration.GetSection(Key).GetChildren())
        {
            report.Add(new ConfigurationProblem(child.Path, "is not a setting of this server.", $"Remove it: {Key} is one value."));
        }

        var text = configuration[Key];
        if (string.IsNullOrWhiteSpace(text))
        {
            if (!development)
            {
                report.Add(new ConfigurationProblem(Key, "is missing.", "Set the https address at which people reach this server, such as https://id.example.com."));
            }

            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var issuer) || issuer.Scheme is not ("https" or "http") || issuer.Host.Length == 0)
        {
            report.Add(new ConfigurationProblem(Key, "is not a web address.", "Give an absolute address, such as https://id.example.com."));
            return null;
        }

        if (issuer.UserInfo.Length > 0 || issuer.Query.Length > 0 || issuer.Fragment.Length > 0 || issuer.AbsolutePath != "/" || text.AsSpan().IndexOfAny("?#") >= 0)
        {
            report.Add(new ConfigurationProblem(Key, "has more than a scheme, a host and a port.", "Leave out path, query, fragment and user name."));
            return null;
        }

        if (issuer.Scheme != "https" && !development)
        {
            report.Add(new ConfigurationProblem(Key, "is not https.", "Give the https address: plain http exists in Development only."));
            return null;
        }

        return issuer;
    }
}

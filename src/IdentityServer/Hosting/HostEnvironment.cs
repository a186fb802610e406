namespace IdentityServer.Hosting;

/// <summary>Where the server runs: its environment's name and the directory of its files.</summary>
internal static class HostEnvironment
{
    // Set by the launch profile of `dotnet run`. A launch profile's variables override the shell's, so it must not set
    // ASPNETCORE_ENVIRONMENT itself: `ASPNETCORE_ENVIRONMENT=Production dotnet run` would silently run Development.
    private const string DefaultVariable = "IDENTITYSERVER_DEFAULT_ENVIRONMENT";

    // The configuration is judged at the start, so what changes in a file afterwards counts from the next one; nothing watches the files.
    private const string KeepConfiguration = "--hostBuilder:reloadConfigOnChange=false";

    public static WebApplicationOptions Options(string[] args) => new()
    {
        Args = [KeepConfiguration, .. args],
        ApplicationName = typeof(HostEnvironment).Assembly.GetName().Name,
        ContentRootPath = IsGiven(args, "contentRoot") ? null : AppContext.BaseDirectory,
        EnvironmentName = IsGiven(args, "environment") ? null : Choose(Environment.GetEnvironmentVariable),
    };

    /// <summary>
    /// Production unless something says otherwise. When the two variables that frameworks know disagree, the one that is not
    /// Development wins: a leftover variable must not open a production server.
    /// </summary>
    internal static string Choose(Func<string, string?> variable)
    {
        var named = new[] { variable("ASPNETCORE_ENVIRONMENT"), variable("DOTNET_ENVIRONMENT") }.Where(name => !string.IsNullOrWhiteSpace(name)).ToArray();
        return named.FirstOrDefault(name => !Environments.Development.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? named.FirstOrDefault()
            ?? (variable(DefaultVariable) is { Length: > 0 } fallback ? fallback : Environments.Production);
    }

    private static bool IsGiven(string[] args, string key) =>
        new ConfigurationBuilder().AddCommandLine(args).Build()[key] is { Length: > 0 };
}

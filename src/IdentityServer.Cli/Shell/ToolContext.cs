namespace IdentityServer.Cli.Shell;

/// <summary>What the tool finds around it: the process's own, or a test's.</summary>
/// <param name="Console">Where it reads and writes.</param>
/// <param name="Variable">Reads an environment variable; null when it is not set.</param>
/// <param name="Clock">The machine's clock.</param>
/// <param name="NewHandler">Makes what its requests go out through. No redirect is followed.</param>
internal sealed record ToolContext(ToolConsole Console, Func<string, string?> Variable, TimeProvider Clock, Func<SocketsHttpHandler> NewHandler)
{
    /// <summary>The process's own.</summary>
    public static ToolContext OfProcess() => new(
        ToolConsole.OfProcess(), Environment.GetEnvironmentVariable, TimeProvider.System, () => new SocketsHttpHandler { AllowAutoRedirect = false });

    /// <summary>An environment variable that says something; null when it is not set, or empty.</summary>
    public string? Setting(string name) => Variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The folder of this tool's own files: under XDG_CONFIG_HOME, or where the system keeps such things.</summary>
    /// <remarks>The XDG Base Directory Specification says that a relative path is to be ignored.</remarks>
    public string ConfigurationFolder => Path.Combine(
        Setting("XDG_CONFIG_HOME") is { } chosen && Path.IsPathRooted(chosen)
            ? chosen
            : Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "idsrv");
}

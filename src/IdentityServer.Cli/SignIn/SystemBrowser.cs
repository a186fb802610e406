using System.ComponentModel;
using System.Diagnostics;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.SignIn;

/// <summary>Opens an address in the browser that the person uses anyway, where their passwords are (RFC 8252 §6).</summary>
internal static class SystemBrowser
{
    // The shell keeps what a browser writes off our standard output, also after we are gone.
    private const string Quietly = """exec "$0" "$@" >/dev/null 2>&1 </dev/null""";

    /// <summary>Opens an address: with the commands of BROWSER, of which the first that starts counts, or as the system does it.</summary>
    /// <returns>False when nothing could be started: a machine without a screen.</returns>
    public static bool TryOpen(ToolContext context, Uri address) =>
        context.Setting("BROWSER") is { } browsers
            ? browsers.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Any(browser => TryStart(Command(browser, address)))
            : TryStart(Command(address));

    private static bool TryStart(ProcessStartInfo? command)
    {
        try
        {
            using var process = command is null ? null : Process.Start(command);
            return process is not null;
        }
        catch (Exception absent) when (absent is Win32Exception or PlatformNotSupportedException or FileNotFoundException)
        {
            return false;
        }
    }

    private static ProcessStartInfo? Command(string browser, Uri address)
    {
        string[] words = browser.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0
            ? null
            : Start(words.Any(word => word.Contains("%s", StringComparison.Ordinal))
                ? [.. words.Select(word => word.Replace("%s", address.AbsoluteUri, StringComparison.Ordinal))]
                : [.. words, address.AbsoluteUri]);
    }

    private static ProcessStartInfo? Command(Uri address) =>
        OperatingSystem.IsWindows() ? new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true }
        : OperatingSystem.IsMacOS() ? Start(["open", address.AbsoluteUri])
        : OnPath("xdg-open") ? Start(["xdg-open", address.AbsoluteUri])
        : null;

    private static ProcessStartInfo? Start(string[] words) =>
        OperatingSystem.IsWindows() ? new ProcessStartInfo(words[0], words[1..])
        : OnPath(words[0]) ? new ProcessStartInfo("/bin/sh", ["-c", Quietly, .. words])
        : null;

    private static bool OnPath(string program) => Path.IsPathRooted(program)
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}

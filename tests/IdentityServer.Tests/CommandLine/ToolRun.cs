using IdentityServer.Cli.Shell;

namespace IdentityServer.Tests.CommandLine;

/// <summary>What the tool answered.</summary>
internal sealed record ToolAnswer(int ExitCode, string Out, string Error)
{
    public System.Text.Json.JsonElement Json => System.Text.Json.JsonDocument.Parse(Out).RootElement;
}

/// <summary>A machine on which <c>idsrv</c> runs, in this process: files, environment variables and console are the test's.</summary>
internal sealed class ToolRun : IDisposable
{
    public ToolRun() => Directory = System.IO.Directory.CreateTempSubdirectory("idsrv-").FullName;

    /// <summary>Where its files are.</summary>
    public string Directory { get; }

    public string SessionFile => Path.Combine(Directory, "idsrv", "sessions.json");

    public Dictionary<string, string> Variables { get; } = [];

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>What a person types when asked; null when nobody is there.</summary>
    public string? Typed { get; set; }

    /// <summary>What is piped into it.</summary>
    public string Input { get; set; } = "";

    /// <summary>A person watches standard output.</summary>
    public bool Terminal { get; set; }

    /// <summary>Runs it. What it writes to standard error can be read while it runs.</summary>
    public async Task<ToolAnswer> RunAsync(string[] args, TextWriter? output = null, CancellationToken cancellationToken = default)
    {
        using var own = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, TestContext.Current.CancellationToken);
        var exitCode = await Tool.RunAsync(args, Context(output ?? own, error), stop.Token);
        return new(exitCode, own.ToString(), error.ToString());
    }

    public Task<ToolAnswer> RunAsync(params string[] args) => RunAsync(args, null);

    public static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    public static void MakeProgram(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private ToolContext Context(TextWriter output, TextWriter error) => new(
        new(new StringReader(Typed ?? Input), output, error, CanAsk: Typed is not null, Terminal),
        name => name == "XDG_CONFIG_HOME" ? Directory : Variables.GetValueOrDefault(name),
        Clock,
        () => new() { AllowAutoRedirect = false, UseProxy = false });
}

using IdentityServer.Maintenance;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Maintenance;

/// <summary>What a verb answered.</summary>
internal sealed record VerbAnswer(int ExitCode, string Out, string Error);

/// <summary>
/// An installation on a SQLite file of its own, or a running server's, in which verbs run as the program runs them, on a console of the test's.
/// </summary>
internal sealed class VerbRun : IDisposable
{
    private readonly TestServer? _server;

    public VerbRun() => Directory = System.IO.Directory.CreateTempSubdirectory("identityserver-").FullName;

    private VerbRun(TestServer server) => (_server, Directory) = (server, server.Directory);

    public string Directory { get; }

    public string Environment { get; init; } = "Development";

    /// <summary>Adds to the host before it is built.</summary>
    public Action<WebApplicationBuilder>? Configure { get; init; }

    /// <summary>Verbs beside a server that runs: on its data, with its configuration and its clock.</summary>
    public static VerbRun Beside(TestServer server) => new(server)
    {
        Environment = server.Setup.Environment,
        Configure = builder =>
        {
            if (server.Setup.Time is { } time)
            {
                builder.Services.AddSingleton<TimeProvider>(time);
            }
        },
    };

    public Task<VerbAnswer> RunAsync(params string[] verb) => RunAsync("", verb);

    public Task<VerbAnswer> RunAsync(string input, string[] verb) => RunAsync(input, verb, watched: false, typed: null);

    /// <param name="input">Standard input.</param>
    /// <param name="verb">The command line.</param>
    /// <param name="watched">Whether somebody watches standard error.</param>
    /// <param name="typed">What somebody types where it is not shown; null when nobody can.</param>
    public async Task<VerbAnswer> RunAsync(string input, string[] verb, bool watched, Func<string?>? typed)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var arguments = VerbArguments.Split(
            [.. verb, $"--environment={Environment}", $"--Storage:DataDirectory={Directory}"]);
        var exitCode = await Verbs.RunAsync(
            arguments,
            new(new StringReader(input), output, error, watched, typed),
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(new TestOutputLogging());
                builder.Configuration.AddInMemoryCollection(_server?.Configuration ?? new Dictionary<string, string?>());
                Configure?.Invoke(builder);
            },
            TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Writes a file beside the database.</summary>
    public string Write(string name, params string[] lines) => Write(name, string.Join('\n', lines));

    public string Write(string name, string content)
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        if (_server is null)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}

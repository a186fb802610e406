using System.CommandLine;
using IdentityServer.Clients;

namespace IdentityServer.Maintenance;

/// <summary><c>resources list</c>.</summary>
internal static class ListResourcesVerb
{
    private const string More =
        """
        Writes one JSON object a line to standard output, as `resources import` reads them.

        Example:
          IdentityServer resources list > resources.jsonl

        Exit codes:
          0    all are written
          2    the command line or the configuration is wrong
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var verb = new Verb("list", "Writes the resources that are registered.", More);
        verb.SetAction((_, cancellationToken) => RunAsync(console, host, cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        foreach (var resource in await scope.ServiceProvider.GetRequiredService<ResourceRegistry>().ListAsync(cancellationToken))
        {
            await console.Out.WriteLineAsync(resource.ToJson());
        }

        return ExitCode.Done;
    }
}

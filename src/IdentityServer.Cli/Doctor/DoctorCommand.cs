using System.CommandLine;
using IdentityServer.Cli.Clients;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary><c>clients doctor</c>: looks at all that keeps people from signing in to a client, and then signs one in.</summary>
internal static class DoctorCommand
{
    private const string More =
        """
        Looks at the server's certificate, discovery document and clock, at the client's redirect URIs, origins, secrets and keys;
        then makes a test user, signs it in through every page, and deletes it. The redirect to your application is not followed.
        Each line says what was seen, and under a problem what mends it.

        With the client's secret it goes on to the tokens: on standard input with --secret-stdin, or in IDSRV_CLIENT_SECRET.

        Examples:
          idsrv clients doctor shop-web
          printf %s "$SECRET" | idsrv clients doctor shop-web --secret-stdin --json

        Exit codes:
          0    nothing keeps anybody out
          1    it failed: the network, the disk, or a fault
          2    the command line is wrong; nothing was done
          3    nobody is signed in: idsrv login
          4    the server refused it
          5    there are problems
          130  it was told to stop
        """;

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Option<bool> _secret = new("--secret-stdin") { Description = "Read the client's secret from standard input." };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("doctor", "Finds out what keeps people from signing in to a client.", More) { _client, _secret };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (context, clientId) = (run.Context, run.Value(_client));
        var secret = run.Value(_secret) ? await context.Console.ReadLineAsync(cancellationToken) : SecretOf(context, clientId);
        if (run.Value(_secret) && secret is null)
        {
            return await run.MisusedAsync("Standard input holds no secret.");
        }

        if (!ServerAddress.TryParse(run.NamedServer ?? (await new SessionFile(context).ReadAsync(cancellationToken)).Current, out var address))
        {
            return await run.ComplainAsync(new ApiAnswer.NotSignedIn("You are not signed in. Run idsrv login --server URL."));
        }

        using var api = run.OpenApi();
        var report = new Report(run.Output);
        if (await new ServerChecks(context, api.Http, report).RunAsync(address, cancellationToken) is { } server)
        {
            var answer = await api.GetAsync(ManagementApi.Client(clientId), cancellationToken);
            if (answer is not ApiAnswer.Done { Document: { } json })
            {
                return await run.ComplainAsync(answer);
            }

            var client = new Patient(json);
            await report.AddAsync(Finding.Fine("client", $"{client.ClientId} is registered, and yours."));
            await new ClientChecks(api, report).RunAsync(server, client, cancellationToken);
            await SignInAsync(context, api, report, new(server, client, secret), cancellationToken);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(report.ToJson(address.AbsoluteUri, clientId));
        }
        else
        {
            await run.Output.LineAsync();
            await (report.IsHealthy
                ? run.Output.LineAsync("Nothing keeps anybody out.", Tone.Good)
                : run.Output.LineAsync("There are problems. Each says what mends it.", Tone.Bad));
        }

        return report.IsHealthy ? ExitCode.Done : ExitCode.Problems;
    }

    private static async Task SignInAsync(ToolContext context, ManagementApi api, Report report, Visit visit, CancellationToken cancellationToken)
    {
        var diagnosis = await Diagnosis.BeginAsync(context, api, report, visit.Client.ClientId, cancellationToken);
        await new SignInWalk(context, api, report, diagnosis).RunAsync(visit.Server, visit.Client, visit.Secret, cancellationToken);
        if (visit.Client.ActsForItself)
        {
            await new TokenWalk(context, api, report, diagnosis).RunMachineAsync(visit.Server, visit.Client, visit.Secret, cancellationToken);
        }
    }

    // The secret of a machine that runs the tool is not sent for another client.
    private static string? SecretOf(ToolContext context, string clientId) =>
        context.Setting("IDSRV_CLIENT_ID") is { } machine && machine != clientId ? null : context.Setting("IDSRV_CLIENT_SECRET");

    private sealed record Visit(ServerDocument Server, Patient Client, string? Secret)
    {
        public override string ToString() => Client.ClientId;
    }
}

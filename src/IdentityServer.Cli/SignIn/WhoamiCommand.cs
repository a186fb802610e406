using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.SignIn;

/// <summary><c>whoami</c>: as whom the commands act.</summary>
internal static class WhoamiCommand
{
    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("whoami", "Says as whom you are signed in.");
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var answer = await api.GetAsync("me", cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        var me = done.Document;
        await run.Output.FactsAsync(
            ("server", api.Server?.Issuer.AbsoluteUri), ("account", me.Text("email")), ("client", me.Text("client_id")),
            ("may", string.Join(' ', me.Texts("scopes"))),
            ("clients", Quota(me)));
        return ExitCode.Done;
    }

    private static string? Quota(JsonNode? me) => me is JsonObject json && json["quota"] is JsonObject quota
        ? string.Create(CultureInfo.InvariantCulture, $"{quota.Number("used")} of at most {quota.Number("most")}")
        : null;
}

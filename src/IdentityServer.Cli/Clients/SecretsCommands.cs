using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients secrets list</c>, <c>create</c> and <c>retire</c>: so that changing a secret is no outage.</summary>
internal static class SecretsCommands
{
    private const string Create =
        """
        Several secrets are good at once. To change one: create another, put it where your application keeps its secrets, wait
        until list says that the old one is idle, and retire it. The secret stands on standard output, this once.

        Example:
          idsrv clients secrets create shop-web --label "July" --expires 180

        """ + "\n" + ExitCode.Help;

    private const string Retire =
        """
        Whoever still uses it is refused from then on. So one that is in use, or is the only one, goes with --force only; with
        --when-safe it stays until its successor is in use and itself idle, and goes then by itself.

        """ + "\n" + ExitCode.Help;

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Argument<string> _secret = new("SECRET") { Description = "Its id, as list has it." };
    private static readonly Option<string> _label = new("--label") { Description = "Where it is used; only owners see it.", HelpName = "text" };
    private static readonly Option<int> _expires = new("--expires") { Description = "How many days it is good for; without end when left out.", HelpName = "days" };
    private static readonly Option<bool> _force = new("--force") { Description = "Also when it may be in use." };
    private static readonly Option<bool> _whenSafe = new("--when-safe") { Description = "Not now, but as soon as nothing uses it any more." };

    public static Command DescribeList(ToolContext context)
    {
        var command = new ToolCommand("list", "Lists a client's secrets: label, dates, last use; never the secrets.") { _client };
        command.SetAction((parsed, cancellationToken) => ListAsync(new(context, parsed), cancellationToken));
        return command;
    }

    public static Command DescribeCreate(ToolContext context)
    {
        var command = new ToolCommand("create", "Makes one more secret.", Create) { _client, _label, _expires };
        command.SetAction((parsed, cancellationToken) => CreateAsync(new(context, parsed), cancellationToken));
        return command;
    }

    public static Command DescribeRetire(ToolContext context)
    {
        var command = new ToolCommand("retire", "Ends a secret.", Retire) { _client, _secret, _whenSafe, _force, DeleteCommand.Yes };
        command.SetAction((parsed, cancellationToken) => RetireAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancellationToken)
    {
        using var api = run.OpenApi();
        var answer = await api.ListAsync(ManagementApi.Client(run.Value(_client), "/secrets"), cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        await run.Output.TableAsync(
            ["id", "label", "created", "expires", "last used", "retiring it"],
            [.. done.Document.Items().Select(secret => (string?[])
                [
                    secret.Text("secret_id"), secret.Text("label"), secret.Moment("created_at"), secret.Moment("expires_at"), secret.Moment("last_used_at"),
                    Told(secret.Text("retirement"), secret.IsTrue("retires_itself")),
                ])]);
        return ExitCode.Done;
    }

    private static async Task<int> CreateAsync(Invocation run, CancellationToken cancellationToken)
    {
        var wish = new JsonObject();
        if (run.Value(_label) is { } label)
        {
            wish["label"] = label;
        }

        if (run.IsGiven(_expires))
        {
            var days = run.Value(_expires);
            if (days is < 1 or > 3_650)
            {
                return await run.MisusedAsync($"--expires is {days.ToString(CultureInfo.InvariantCulture)}, and not 1 to 3650 days.");
            }

            wish["expires_at"] = (run.Context.Clock.GetUtcNow() + TimeSpan.FromDays(days)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }

        using var api = run.OpenApi();
        var answer = await api.SendAsync(HttpMethod.Post, ManagementApi.Client(run.Value(_client), "/secrets"), new(wish), cancellationToken);
        if (answer is not ApiAnswer.Done done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(done.Document);
            return ExitCode.Done;
        }

        await run.Output.SayAsync($"Made {Printable.Of(((JsonObject?)done.Document)?["secret"].Text("secret_id"))}. This is the secret; it is not shown again:");
        await run.Output.LineAsync(Printable.Of(done.Document.Text("client_secret")));
        return ExitCode.Done;
    }

    private static async Task<int> RetireAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (clientId, secret, whenSafe) = (run.Value(_client), run.Value(_secret), run.Value(_whenSafe));
        if (whenSafe && run.Value(_force))
        {
            return await run.MisusedAsync("Give --when-safe or --force, not both.");
        }

        if (await run.ConfirmAsync($"Retire {Printable.Of(secret)} of {Printable.Of(clientId)}?", whenSafe || run.Value(DeleteCommand.Yes), cancellationToken) is { } no)
        {
            return no;
        }

        using var api = run.OpenApi();
        var path = ManagementApi.Client(clientId, $"/secrets/{Uri.EscapeDataString(secret)}");
        var answer = whenSafe
            ? await api.SendAsync(HttpMethod.Patch, path, new(new JsonObject { ["retires_itself"] = true }, MediaType: "application/merge-patch+json"), cancellationToken)
            : await api.DeleteAsync(path + (run.Value(_force) ? "?force=true" : ""), cancellationToken);
        if (answer is not ApiAnswer.Done)
        {
            return await run.ComplainAsync(answer);
        }

        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(new JsonObject { ["secret_id"] = secret, ["retired"] = !whenSafe });
        }
        else
        {
            await run.Output.LineAsync(whenSafe ? $"{Printable.Of(secret)} goes once nothing uses it any more." : $"Retired {Printable.Of(secret)}.");
        }

        return ExitCode.Done;
    }

    private static string Told(string? retirement, bool itself) => retirement switch
    {
        "safe" => "safe",
        "over" => "it is over",
        _ when itself => "by itself, when safe",
        "only_one" => "the only one",
        "successor_unused" => "no: the next is unused",
        _ => "no: in use",
    };
}

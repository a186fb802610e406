using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients create</c>.</summary>
internal static class CreateCommand
{
    private const string Machine = "machine";

    private const string More =
        """
        Kinds: web-server (keeps a secret), single-page (runs in the browser), native (on a phone or a desktop), machine (no person
        at all). Each brings the right settings; --metadata overrides them, by the names of RFC 7591.

        A client that keeps a secret gets its first one, which is shown this once.

        Examples:
          idsrv clients create --name "Shop" --kind web-server --redirect-uri https://shop.example.com/signin-oidc
          idsrv clients create --name "Nightly jobs" --kind machine --scope orders.read

        """ + "\n" + ExitCode.Help;

    private static readonly Option<string> _name = new("--name") { Description = "What people know the application by.", HelpName = "text", Required = true };
    private static readonly Option<string> _kind = KindOption();
    private static readonly Option<string[]> _redirect = new("--redirect-uri") { Description = "Where people come back to; may be repeated.", HelpName = "URI" };
    private static readonly Option<string[]> _bye = new("--post-logout-redirect-uri") { Description = "Where people go after signing out; may be repeated.", HelpName = "URI" };
    private static readonly Option<string[]> _scope = new("--scope") { Description = "A scope that it may ask for; may be repeated.", HelpName = "scope" };
    private static readonly Option<string> _metadata = new("--metadata") { Description = "A JSON file with more metadata; - for standard input.", HelpName = "FILE" };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("create", "Registers a client.", More) { _name, _kind, _redirect, _bye, _scope, _metadata };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var kind = run.Value(_kind);
        var wish = new JsonObject { ["kind"] = kind, ["client_name"] = run.Value(_name) };
        Put(wish, "redirect_uris", run.Value(_redirect));
        Put(wish, "post_logout_redirect_uris", run.Value(_bye));
        if (run.Value(_scope) is { Length: > 0 } scopes)
        {
            wish["scope"] = string.Join(' ', scopes);
        }

        if (run.Value(_metadata) is { } path)
        {
            if (await MetadataFile.ReadAsync(run.Context, path, cancellationToken) is not { } more)
            {
                return await run.MisusedAsync(MetadataFile.Mend);
            }

            foreach (var (name, value) in more)
            {
                wish[name] = value?.DeepClone();
            }
        }

        if (kind != Machine && wish["redirect_uris"] is null)
        {
            return await run.MisusedAsync("Where do people come back to? Add --redirect-uri.");
        }

        using var api = run.OpenApi();
        var answer = await api.SendAsync(HttpMethod.Post, "clients", new(wish), cancellationToken);
        return answer is ApiAnswer.Done done ? await ShowAsync(run, done.Document, api.Server!) : await run.ComplainAsync(answer);
    }

    private static async Task<int> ShowAsync(Invocation run, JsonNode? client, ServerDocument server)
    {
        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(client);
            return ExitCode.Done;
        }

        await run.Output.FactsAsync(
            ("client_id", client.Text("client_id")), ("client_secret", client.Text("client_secret")), ("issuer", server.Issuer.AbsoluteUri));
        if (client.Text("client_secret") is not null)
        {
            await run.Output.SayAsync("The secret is not shown again. Put it where your application keeps its secrets.");
        }

        await run.Output.SayAsync($"Does it work? idsrv clients doctor {client.Text("client_id")}");
        return ExitCode.Done;
    }

    private static void Put(JsonObject wish, string name, string[]? values)
    {
        if (values is { Length: > 0 })
        {
            wish[name] = new JsonArray([.. values.Select(value => (JsonNode)value)]);
        }
    }

    private static Option<string> KindOption()
    {
        var option = new Option<string>("--kind") { Description = "What kind of application it is.", HelpName = "kind", Required = true };
        option.AcceptOnlyFromAmong("web-server", "single-page", "native", Machine);
        return option;
    }
}

/// <summary>Metadata that somebody wrote down.</summary>
internal static class MetadataFile
{
    public const string Mend = "--metadata cannot be read as a JSON object. Write {\"logo_uri\": \"https://...\"}, with the names of RFC 7591.";

    /// <summary>Reads it; null when there is no such object.</summary>
    public static async Task<JsonObject?> ReadAsync(ToolContext context, string path, CancellationToken cancellationToken)
    {
        try
        {
            var text = path == "-" ? await context.Console.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(path, cancellationToken);
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Clients;

/// <summary><c>clients update</c>: changes some of a client's metadata, and only what was looked at.</summary>
internal static class UpdateCommand
{
    private const string More =
        """
        What is not named stays as it is. A member that is null in --metadata falls back to its default. If somebody else changes
        the client at the same moment, nothing is done and you are told.

        Examples:
          idsrv clients update shop-web --add-redirect-uri https://staging.example.com/signin-oidc
          idsrv clients update shop-web --metadata changes.json

        """ + "\n" + ExitCode.Help;

    private static readonly Argument<string> _client = ClientArgument.New();
    private static readonly Option<string> _name = new("--name") { Description = "What people know the application by.", HelpName = "text" };
    private static readonly Option<string[]> _add = new("--add-redirect-uri") { Description = "One more redirect URI; may be repeated.", HelpName = "URI" };
    private static readonly Option<string[]> _remove = new("--remove-redirect-uri") { Description = "A redirect URI that goes; may be repeated.", HelpName = "URI" };
    private static readonly Option<string[]> _scope = new("--scope") { Description = "The scopes that it may ask for, all of them; may be repeated.", HelpName = "scope" };
    private static readonly Option<string> _metadata = new("--metadata") { Description = "A JSON file with the members to change; - for standard input.", HelpName = "FILE" };

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("update", "Changes what is registered of a client.", More) { _client, _name, _add, _remove, _scope, _metadata };
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var changes = new JsonObject();
        if (run.Value(_metadata) is { } path)
        {
            if (await MetadataFile.ReadAsync(run.Context, path, cancellationToken) is not { } given)
            {
                return await run.MisusedAsync(MetadataFile.Mend);
            }

            changes = given;
        }

        if (run.Value(_name) is { } name)
        {
            changes["client_name"] = name;
        }

        if (run.Value(_scope) is { Length: > 0 } scopes)
        {
            changes["scope"] = string.Join(' ', scopes);
        }

        var (added, removed) = (run.Value(_add) ?? [], run.Value(_remove) ?? []);
        if (changes.Count == 0 && added.Length == 0 && removed.Length == 0)
        {
            return await run.MisusedAsync("What is to change? See idsrv clients update --help.");
        }

        using var api = run.OpenApi();
        var client = ManagementApi.Client(run.Value(_client));
        var found = await api.GetAsync(client, cancellationToken);
        if (found is not ApiAnswer.Done before)
        {
            return await run.ComplainAsync(found);
        }

        if (added.Length > 0 || removed.Length > 0)
        {
            var standing = before.Document.Texts("redirect_uris");
            if (removed.FirstOrDefault(uri => !standing.Contains(uri, StringComparer.Ordinal)) is { } absent)
            {
                return await run.MisusedAsync($"{Printable.Of(absent)} is not among the redirect URIs. idsrv clients show lists them.");
            }

            changes["redirect_uris"] = new JsonArray(
                [.. standing.Except(removed, StringComparer.Ordinal).Union(added, StringComparer.Ordinal).Select(uri => (JsonNode)uri)]);
        }

        var answer = await api.SendAsync(HttpMethod.Patch, client, new(changes, before.Version, "application/merge-patch+json"), cancellationToken);
        return answer switch
        {
            ApiAnswer.Done done => await ShowCommand.WriteAsync(run, done.Document),
            ApiAnswer.Refused { Status: 412 } => await run.ComplainAsync(new ApiAnswer.Refused(412, new("Somebody else changed the client at the same moment. Run it again.", null, []))),
            _ => await run.ComplainAsync(answer),
        };
    }
}

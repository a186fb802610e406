using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Snippets;

/// <summary>Applications for a client, ready to run: each of the known frameworks that can do what its registration demands.</summary>
internal static class SnippetCatalogue
{
    /// <summary>
    /// The variable of the environment that every snippet reads the client's secret from. We keep only a hash of it, and a secret in a
    /// file ends up in a repository.
    /// </summary>
    public const string SecretVariable = "IDSRV_CLIENT_SECRET";

    // -s: the secret is neither shown nor kept in the shell's history.
    private const string AskForSecret = $"read -rsp 'Client secret: ' {SecretVariable} && export {SecretVariable}";

    /// <summary>The snippets that fit a client, the likeliest first.</summary>
    /// <param name="issuer">Who we are.</param>
    /// <param name="client">The client as it is registered, its <c>client_id</c> included.</param>
    public static IReadOnlyList<Snippet> For(Uri issuer, ClientMetadata client)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(client);
        return [.. SnippetStacks.All.Where(stack => stack.Fits(client)).Select(stack => Write(stack, issuer, client)).OfType<Snippet>()];
    }

    // Null when the client has no redirect URI for it, or a value that its language cannot write.
    private static Snippet? Write(SnippetStack stack, Uri issuer, ClientMetadata client)
    {
        if (SnippetValues.Of(issuer, client, stack.Redirect) is not { } values)
        {
            return null;
        }

        var files = stack.Files.Select(file => Write(stack, file, values)).OfType<SnippetFile>().ToList();
        return files.Count == stack.Files.Count
            ? new(stack.Key, stack.Title, stack.Language, stack.Verified, values.Redirect?.OriginalString, values.Registered, files,
                Commands(stack.Install, values),
                [.. client.HasSecret ? [AskForSecret] : Array.Empty<string>(), .. Commands(stack.Run, values)])
            : null;
    }

    private static SnippetFile? Write(SnippetStack stack, string file, SnippetValues values)
    {
        var template = SnippetStack.TemplateOf(file);
        return SnippetTemplate.Fill(SnippetTemplate.Read(stack.Key, template), values, value => SnippetLiterals.For(template, value)) is { } content
            ? new(SnippetTemplate.Fill(file, values, value => value)!, content)
            : null;
    }

    private static string[] Commands(string template, SnippetValues values) =>
        SnippetTemplate.Fill(template, values, SnippetLiterals.Shell)!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

namespace IdentityServer.Portal.Snippets;

/// <summary>One file of a snippet.</summary>
/// <param name="Name">Its path below an empty folder, with slashes.</param>
/// <param name="Content">All of it, ready to be saved.</param>
internal sealed record SnippetFile(string Name, string Content);

/// <summary>A small application that signs people in here, with a client's own values in it: to be copied, run and then taken over.</summary>
/// <param name="Key">What it goes by in addresses.</param>
/// <param name="Title">The framework's own name; it has no translation.</param>
/// <param name="Language">What the code is written in, as highlighters call it.</param>
/// <param name="Verified">A test of ours builds it, runs it and signs in through it; without, nobody but the eye has checked it.</param>
/// <param name="RedirectUri">Where it has people sent back to; null when nobody is. Its port is left out where the system chooses one.</param>
/// <param name="RedirectRegistered">
/// Whether the client has registered that URI. It has, unless the framework listens on addresses of a fixed form and the client has none
/// of that form: then the owner adds this one.
/// </param>
/// <param name="Files">What to save, the file to read first in front.</param>
/// <param name="Install">Commands for a shell, in order: what is taken from elsewhere.</param>
/// <param name="Run">Commands for a shell, in order. The first asks for the client's secret, where there is one: it is never part of a file.</param>
internal sealed record Snippet(
    string Key,
    string Title,
    string Language,
    bool Verified,
    string? RedirectUri,
    bool RedirectRegistered,
    IReadOnlyList<SnippetFile> Files,
    IReadOnlyList<string> Install,
    IReadOnlyList<string> Run)
{
    /// <summary>The redirect URI that the client has yet to register; null for none.</summary>
    public string? MissingRedirectUri => RedirectRegistered ? null : RedirectUri;
}

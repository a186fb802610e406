using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Snippets;

/// <summary>A framework that snippets are made for, and which clients it suits.</summary>
/// <param name="Key">The folder of its templates.</param>
/// <param name="Title">See <see cref="Snippet.Title"/>.</param>
/// <param name="Language">See <see cref="Snippet.Language"/>.</param>
/// <param name="Verified">See <see cref="Snippet.Verified"/>.</param>
/// <param name="Fits">Whether it can do what the client's registration demands.</param>
/// <param name="Files">Its templates in reading order. A name may hold placeholders; the template's own name is then <see cref="TemplateOf"/>.</param>
internal sealed record SnippetStack(
    string Key, string Title, string Language, bool Verified, Func<ClientMetadata, bool> Fits, IReadOnlyList<string> Files)
{
    /// <summary>Commands that take from elsewhere what the files need, a line each; a template.</summary>
    public string Install { get; init; } = "";

    /// <summary>Commands that start it, after the one that asks for the secret, a line each; a template.</summary>
    public string Run { get; init; } = "";

    /// <summary>Where it can have people sent back to, when not any path will do.</summary>
    public RedirectForm Redirect { get; init; } = RedirectForm.Any;

    /// <summary>The name under which a file's template is kept: the last part, which never varies.</summary>
    public static string TemplateOf(string file) => file[(file.LastIndexOf('/') + 1)..];
}

/// <summary>What redirect URIs a framework listens on.</summary>
internal enum RedirectForm
{
    /// <summary>Whichever is registered.</summary>
    Any,

    /// <summary>Auth.js: <c>BASE/callback/PROVIDER</c>, both of our choice.</summary>
    AuthJs,

    /// <summary>oauth2-proxy: <c>PREFIX/callback</c>, the first part of our choice.</summary>
    Proxy,

    /// <summary>A program on somebody's device: http on a loopback address, on a port that the system chooses (RFC 8252 §7.3).</summary>
    Loopback,

    /// <summary>Nobody is sent back.</summary>
    None,
}

using IdentityServer.Portal.Snippets;
using IdentityServer.Settings;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>Small applications with the client's own values in them, to be copied and run.</summary>
internal sealed class CodeModel(Installation installation) : ClientPageModel
{
    /// <summary>Which one is asked for, by its key.</summary>
    [BindProperty(SupportsGet = true, Name = "for")]
    public string? Stack { get; set; }

    /// <summary>Those that fit the client.</summary>
    public IReadOnlyList<Snippet> Snippets { get; private set; } = [];

    /// <summary>The one that is shown; null when none fits.</summary>
    public Snippet? Shown { get; private set; }

    public void OnGet()
    {
        Snippets = SnippetCatalogue.For(installation.Issuer, Client.Metadata);
        Shown = Snippets.FirstOrDefault(snippet => snippet.Key == Stack) ?? (Snippets.Count > 0 ? Snippets[0] : null);
    }
}

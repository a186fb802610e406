using System.Diagnostics;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Portal.Snippets;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>Small applications with the client's own values in them, to be copied and run.</summary>
internal sealed class SnippetsModel(OwnedClients clients, Installation installation) : ClientPageModel
{
    private const string PageName = "snippets";

    /// <summary>Which framework is asked for, by its key.</summary>
    [BindProperty(SupportsGet = true, Name = "stack")]
    public string? Stack { get; set; }

    /// <summary>Those that fit the client.</summary>
    public IReadOnlyList<Snippet> Snippets => field ??= SnippetCatalogue.For(installation.Issuer, Client.Metadata);

    /// <summary>The one that is shown: what is asked for, or the likeliest; null when none fits.</summary>
    public Snippet? Shown => Snippets.FirstOrDefault(snippet => snippet.Key == Stack) ?? (Snippets.Count > 0 ? Snippets[0] : null);

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["registered"] = "snippets.redirect-registered",
    };

    /// <summary>The address that shows a snippet.</summary>
    public string AddressOf(Snippet snippet, string? done = null) =>
        done is null ? $"{AddressOf(PageName)}?stack={snippet.Key}" : $"{AddressOf(PageName)}?stack={snippet.Key}&done={done}";

    /// <summary>Registers the redirect URI of the snippet that is shown.</summary>
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Shown is not { } shown)
        {
            return new SeeOther(AddressOf(PageName));
        }

        if (shown.MissingRedirectUri is not { } missing)
        {
            return new SeeOther(AddressOf(shown, "registered")); // it was pressed twice
        }

        ClientMetadata WithMissing(ClientMetadata client) => client with { RedirectUris = [.. client.RedirectUris, missing] };
        if (AskForApproval(clients.Foresee(Client, WithMissing)) is { } question)
        {
            return question;
        }

        return await clients.ChangeAsync(Client, WithMissing, cancellationToken) switch
        {
            EditOutcome.Stored => new SeeOther(AddressOf(shown, "registered")),
            EditOutcome.Refused refused => Refuse(refused.Problems),
            EditOutcome.Changed => Refuse(Words["snippets.changed"]),
            EditOutcome.Gone => NotFound(),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }
}

using System.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Portal.Snippets;
using IdentityServer.Settings;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal;

/// <summary>
/// Registers a client from its kind, a name and a redirect URI. The answer to the post shows the secret, and nothing else ever does: it is
/// the one page that does not lead elsewhere after a post, since a page that could be asked for again would have to keep the secret. So
/// that a reload, which posts again, makes no second client, each form holds a value that counts once.
/// </summary>
internal sealed class NewModel(OwnedClients clients, CounterOperations counters, PortalOptions options, Installation installation, TimeProvider clock) : PortalPageModel
{
    private static readonly TimeSpan _window = TimeSpan.FromDays(1);

    private IReadOnlyList<MetadataProblem> _broken = [];

    [BindProperty(SupportsGet = true, Name = "kind")]
    public string? KindName { get; set; }

    [BindProperty]
    public string? Name { get; set; }

    [BindProperty]
    public string? RedirectUris { get; set; }

    /// <summary>What makes the form count once.</summary>
    [BindProperty]
    public Guid Attempt { get; set; }

    /// <summary>The same for the form that is shown now.</summary>
    public Guid NextAttempt { get; } = Guid.NewGuid();

    public bool MayRegister => options.Admits(Person.User);

    /// <summary>The kind that is chosen; web servers are the most.</summary>
    public ClientKind Kind => ClientKinds.Find(KindName) ?? ClientKind.WebServer;

    /// <summary>What was registered just now, with the one chance to read its secret; null before.</summary>
    public OwnedRegistration.Registered? Registered { get; private set; }

    /// <summary>Our issuer.</summary>
    public Uri Issuer => installation.Issuer;

    /// <summary>The likeliest way to go on; null when there is none for such a client.</summary>
    public Snippet? Snippet => Registered is not null && SnippetCatalogue.For(Issuer, Registered.Client) is [var first, ..] ? first : null;

    public FormField NameField => new("Name", Words["portal.name"])
    {
        Values = [Name ?? ""],
        Hint = Words["portal.name-hint"],
        Required = true,
        Problems = FieldProblems.Of(_broken, "client_name", []),
    };

    public FormField RedirectField => new("RedirectUris", Words["portal.redirect-uris"], FieldShape.Lines)
    {
        Values = [RedirectUris ?? ""],
        Hint = Words["portal.redirect-uris-hint"],
        Rows = 2,
        Problems = FieldProblems.Of(_broken, "redirect_uris", FieldProblems.Lines(RedirectUris)),
    };

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (ClientKinds.Find(KindName) is not { } kind)
        {
            return Refuse(Words["portal.kind-missing"]);
        }

        var spent = await counters.TrySpendAsync($"portal-new/{Person.User.Id:N}/{Attempt:N}", _window, 1, clock.GetUtcNow(), cancellationToken);
        if (Attempt == default || !spent.Allowed)
        {
            return Refuse(Words["portal.sent-before"]);
        }

        switch (await clients.RegisterAsync(Person, Wish(kind).ToJson(), cancellationToken))
        {
            case OwnedRegistration.Registered registered:
                Registered = registered;
                return Page();
            case OwnedRegistration.Refused refused:
                return RefuseFields(refused.Problems);
            case OwnedRegistration.QuotaReached quota:
                return Refuse(Words.Say("portal.quota", ("count", quota.Most)));
            case OwnedRegistration.NotAdmitted:
                return Refuse(Words["portal.not-admitted"]);
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    private ClientMetadata Wish(ClientKind kind) =>
        ClientKinds.Describe(kind, (Name ?? "").Trim(), kind == ClientKind.Machine ? [] : FieldProblems.Lines(RedirectUris));

    private PageResult RefuseFields(IReadOnlyList<MetadataProblem> problems)
    {
        _broken = problems;
        var elsewhere = problems.Where(problem => !FieldProblems.IsOf(problem, "client_name") && !FieldProblems.IsOf(problem, "redirect_uris")).ToList();
        return Refuse(elsewhere.Count > 0 ? [.. elsewhere.Select(problem => problem.ToString())] : [Words["portal.mistakes"]]);
    }
}

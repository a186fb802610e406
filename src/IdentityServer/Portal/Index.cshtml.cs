using System.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>Somebody's clients, and what they are invited to.</summary>
internal sealed class IndexModel(ClientAccess clients, Invitations invitations, PortalOptions options) : PortalPageModel
{
    private const int PageLength = 50;

    [BindProperty]
    public Guid Invitation { get; set; }

    /// <summary>The last row of the page before.</summary>
    [BindProperty(SupportsGet = true, Name = "after")]
    public string? After { get; set; }

    public IReadOnlyList<ListedClient> Clients { get; private set; } = [];

    public IReadOnlyList<ReceivedInvitation> Invitations { get; private set; } = [];

    public bool MayRegister => options.Admits(Person.User);

    /// <summary>Where the next page begins; null when this one is the last.</summary>
    public string? Next { get; private set; }

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["accepted"] = "portal.accepted",
        ["declined"] = "portal.declined",
        ["gone"] = "portal.invitation-gone",
        ["deleted"] = "portal.deleted",
        ["left"] = "portal.left",
    };

    /// <summary>The key of a kind's name.</summary>
    public static string KindKey(ClientMetadata metadata) => KindKey(ClientKinds.Of(metadata));

    /// <inheritdoc cref="KindKey(ClientMetadata)" />
    public static string KindKey(ClientKind kind) => kind switch
    {
        ClientKind.WebServer => "portal.kind.web-server",
        ClientKind.SinglePage => "portal.kind.single-page",
        ClientKind.Native => "portal.kind.native",
        ClientKind.Machine => "portal.kind.machine",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostAcceptAsync(CancellationToken cancellationToken)
    {
        switch (await invitations.AcceptAsync(Person.User, Invitation, cancellationToken))
        {
            case InvitationAcceptance.Accepted:
                return new SeeOther($"{PortalUrls.Home}?done=accepted");
            case InvitationAcceptance.Gone:
                return new SeeOther($"{PortalUrls.Home}?done=gone");
            case InvitationAcceptance.QuotaReached:
                await LoadAsync(cancellationToken);
                return Refuse(Words["portal.invitation-quota"]);
            case var other:
                throw new UnreachableException($"Unmapped outcome {other}.");
        }
    }

    public async Task<IActionResult> OnPostDeclineAsync(CancellationToken cancellationToken) =>
        new SeeOther($"{PortalUrls.Home}?done={(await invitations.DeclineAsync(Person.User, Invitation, cancellationToken) ? "declined" : "gone")}");

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var page = await clients.ListAsync(Person, After, PageLength + 1, cancellationToken);
        Next = page.Count > PageLength ? page[PageLength - 1].RowId : null;
        Clients = [.. page.Take(PageLength).OrderBy(client => client.Metadata.ClientName, StringComparer.CurrentCultureIgnoreCase)];
        Invitations = await invitations.ReceivedAsync(Person.User, cancellationToken);
    }
}

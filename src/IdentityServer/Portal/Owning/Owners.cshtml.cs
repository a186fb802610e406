using System.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.Owning;

/// <summary>Who owns a client, who is invited to, and which machines may manage it.</summary>
[Sensitive]
internal sealed class OwnersModel(ClientOwners owners, Invitations invitations, ClientAgents agents, ClientAccess access) : ClientPageModel
{
    private bool _refused;

    [BindProperty]
    public string? Email { get; set; }

    /// <summary>The person or the invitation that a button is about.</summary>
    [BindProperty]
    public Guid Id { get; set; }

    /// <summary>The <c>client_id</c> of a machine.</summary>
    [BindProperty]
    public string? Machine { get; set; }

    public IReadOnlyList<ShownOwner> Owners { get; private set; } = [];

    public IReadOnlyList<ShownInvitation> Open { get; private set; } = [];

    /// <summary>The <c>client_id</c>s of the machines that may manage the client.</summary>
    public IReadOnlyList<string> Agents { get; private set; } = [];

    /// <summary>The person's own machines that could.</summary>
    public IReadOnlyList<ListedClient> Machines { get; private set; } = [];

    public FormField EmailField => new("Email", Words["portal.invite-email"])
    {
        Values = [Email ?? ""],
        Hint = Words["portal.invite-hint"],
        Required = true,
        Problems = _refused ? Problems : [],
    };

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["sent"] = "portal.invite-sent",
        ["withdrawn"] = "portal.invitation-withdrawn",
        ["gone"] = "portal.invitation-gone",
        ["removed"] = "portal.owner-removed",
        ["owner-gone"] = "portal.owner-gone",
        ["added"] = "portal.agent-added",
        ["machine-removed"] = "portal.agent-removed",
    };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostInviteAsync(CancellationToken cancellationToken)
    {
        var outcome = await invitations.InviteAsync(Client, Email, Words.Language.Tag, cancellationToken);
        if (outcome is InvitationOutcome.Sent)
        {
            return new SeeOther(AddressOf("owners", "sent"));
        }

        _refused = true;
        return await RefuseAsync(
            outcome switch
            {
                InvitationOutcome.AlreadyOwner => "portal.invite-already",
                InvitationOutcome.NoAddress => "portal.invite-no-address",
                InvitationOutcome.TestAddress => "portal.invite-test-address",
                InvitationOutcome.TooMany => "portal.invite-too-many",
                var other => throw new UnreachableException($"A person cannot get {other}."),
            },
            cancellationToken);
    }

    public async Task<IActionResult> OnPostWithdrawAsync(CancellationToken cancellationToken) =>
        new SeeOther(AddressOf("owners", await invitations.WithdrawAsync(Client, Id, cancellationToken) ? "withdrawn" : "gone"));

    public async Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken) =>
        await owners.RemoveAsync(Client, Id, cancellationToken) switch
        {
            OwnerRemoval.Done when Id == Person.User.Id => new SeeOther($"{PortalUrls.Home}?done=left"),
            OwnerRemoval.Done => new SeeOther(AddressOf("owners", "removed")),
            OwnerRemoval.Gone => new SeeOther(AddressOf("owners", "owner-gone")),
            OwnerRemoval.LastOne => await RefuseAsync("portal.owner-last", cancellationToken),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };

    public async Task<IActionResult> OnPostAddMachineAsync(CancellationToken cancellationToken) =>
        await access.FindAsync(Person, Machine, cancellationToken) is { } machine && await agents.AddAsync(Client, machine, cancellationToken)
            ? new SeeOther(AddressOf("owners", "added"))
            : await RefuseAsync("portal.agent-refused", cancellationToken);

    public async Task<IActionResult> OnPostRemoveMachineAsync(CancellationToken cancellationToken)
    {
        await agents.RemoveAsync(Client, Machine ?? "", cancellationToken);
        return new SeeOther(AddressOf("owners", "machine-removed"));
    }

    private async Task<PageResult> RefuseAsync(string key, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(Words[key]);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        Owners = await owners.ListAsync(Client, cancellationToken);
        Open = await invitations.ListAsync(Client, cancellationToken);
        Agents = await agents.ListAsync(Client, cancellationToken);
        Machines = [.. (await access.ListAsync(Person, null, ClientAccess.LongestPage, cancellationToken)).Where(client =>
            client.RowId != Client.RowId && client.Metadata.GrantTypes!.Contains(ClientGrantTypes.ClientCredentials) && !Agents.Contains(client.Metadata.ClientId!))];
    }
}

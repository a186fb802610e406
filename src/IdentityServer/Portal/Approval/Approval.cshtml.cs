using IdentityServer.Ownership;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Approval;

/// <summary>Where a client stands with the operator, and the wish to be approved.</summary>
internal sealed class ApprovalModel(Approvals approvals, ClientLogos logos) : ClientPageModel
{
    [BindProperty]
    public string? Note { get; set; }

    public ApprovalStanding Standing { get; private set; } = null!;

    /// <summary>Whether there is a logo to show.</summary>
    public bool HasLogo { get; private set; }

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["asked"] = "portal.approval-done",
        ["not-asked"] = "portal.approval-not-asked",
    };

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Standing = await approvals.StandingAsync(Client, cancellationToken);
        HasLogo = await logos.HasAsync(Client.RowId, cancellationToken);
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) =>
        new SeeOther(AddressOf("approval", await approvals.AskAsync(Client, Note, cancellationToken) ? "asked" : "not-asked"));
}

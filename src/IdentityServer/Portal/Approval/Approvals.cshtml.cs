using System.Diagnostics;
using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.Portal.Logo;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Approval;

/// <summary>The clients that wait for an administrator's word, each as people would see it.</summary>
[AdministratorsOnly]
[Sensitive]
internal sealed class ApprovalsModel(Approvals approvals, ClientLogos logos, RegisteredLogo registered) : PortalPageModel
{
    [BindProperty]
    public string? Client { get; set; }

    /// <summary>What the administrator looked at: of another one they have said nothing.</summary>
    [BindProperty]
    public string? Version { get; set; }

    [BindProperty]
    public string? Reason { get; set; }

    public IReadOnlyList<(PendingApproval Pending, bool HasLogo)> Waiting { get; private set; } = [];

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>
    {
        ["approved"] = "portal.approvals-approved",
        ["refused"] = "portal.approvals-refused",
        ["logo-taken"] = "portal.approvals-logo-taken",
    };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostApproveAsync(CancellationToken cancellationToken) =>
        await AnswerAsync(await approvals.ApproveAsync(Person.User, Client ?? "", Version ?? "", cancellationToken), "approved", cancellationToken);

    public async Task<IActionResult> OnPostRefuseAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(Reason))
        {
            return await TellAsync("portal.refuse-reason-missing", cancellationToken);
        }

        return await AnswerAsync(await approvals.RefuseAsync(Person.User, Client ?? "", Version ?? "", Reason, cancellationToken), "refused", cancellationToken);
    }

    /// <summary>Has the picture at a client's <c>logo_uri</c> taken, so that it can be looked at and is part of what is approved.</summary>
    public async Task<IActionResult> OnPostTakeLogoAsync(CancellationToken cancellationToken)
    {
        if ((await approvals.PendingAsync(Person.User, cancellationToken)).FirstOrDefault(pending => pending.Client.ClientId == Client) is not { } seen)
        {
            return await TellAsync("portal.approvals-gone", cancellationToken);
        }

        // Before anybody is asked: what is fetched is what stood on the page.
        if (seen.Version != Version || RegisteredLogo.HostOf(seen.Client) is not { } host)
        {
            return await TellAsync("portal.approvals-changed", cancellationToken);
        }

        var verdict = await registered.DrawAsync(seen.Client, cancellationToken);
        if (verdict is LogoVerdict.Drawn drawn)
        {
            return await AnswerAsync(await logos.PutAsync(Person.User, seen, drawn, cancellationToken), "logo-taken", cancellationToken);
        }

        await LoadAsync(cancellationToken);
        return Refuse([Words.Say("portal.approvals-logo-not-taken", ("host", host)), Words[LogoRefusals.KeyOf(verdict)]]);
    }

    private async Task<IActionResult> AnswerAsync(ApprovalOutcome outcome, string done, CancellationToken cancellationToken) => outcome switch
    {
        ApprovalOutcome.Done => new SeeOther($"{PortalUrls.Approvals}?done={done}"),
        ApprovalOutcome.Changed => await TellAsync("portal.approvals-changed", cancellationToken),
        ApprovalOutcome.Gone => await TellAsync("portal.approvals-gone", cancellationToken),
        ApprovalOutcome.NotAdmitted => NotFound(),
        _ => throw new UnreachableException($"Unmapped outcome {outcome}."),
    };

    private async Task<IActionResult> TellAsync(string key, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(Words[key]);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var waiting = new List<(PendingApproval, bool)>();
        foreach (var pending in await approvals.PendingAsync(Person.User, cancellationToken))
        {
            waiting.Add((pending, await logos.HasAsync(pending.Client.Id, cancellationToken)));
        }

        Waiting = waiting;
    }
}

using IdentityServer.Grants;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>The applications that may see something of somebody, and the way to take it back.</summary>
internal sealed class AppsModel(ConnectedApps apps) : AccountPageModel
{
    [BindProperty]
    public string? App { get; set; }

    public IReadOnlyList<ConnectedApp> Apps { get; private set; } = [];

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["removed"] = "apps.removed" };

    public async Task OnGetAsync(CancellationToken cancellationToken) => Apps = await apps.ListAsync(SignedIn.User.Id, cancellationToken);

    public async Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken)
    {
        await apps.RemoveAsync(SignedIn.User.Id, App ?? "", cancellationToken);
        return new SeeOther(AccountUrls.After("/account/apps", "removed"));
    }
}

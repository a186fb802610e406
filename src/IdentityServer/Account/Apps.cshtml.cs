using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Grants;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityServer.Account;

/// <summary>The applications that may see something of somebody, and the way to take it back.</summary>
internal sealed class AppsModel(ConnectedApps apps, ScopeCache scopes, Installation installation) : AccountPageModel
{
    [BindProperty]
    public string? App { get; set; }

    public IReadOnlyList<ConnectedApp> Apps { get; private set; } = [];

    /// <summary>What the applications' scopes belong to.</summary>
    public ResourceDirectory Resources { get; private set; } = null!;

    /// <summary>Where somebody goes on to an application: it is told who sends them (OpenID Connect Core §4), and begins a sign-in of its own.</summary>
    public string AddressOf(string initiateLoginUri) => QueryHelpers.AddQueryString(initiateLoginUri, "iss", installation.Issuer.AbsoluteUri);

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["removed"] = "apps.removed" };

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Apps = await apps.ListAsync(SignedIn.User.Id, cancellationToken);
        Resources = await scopes.ResourcesAsync(cancellationToken);
    }

    public async Task<IActionResult> OnPostRemoveAsync(CancellationToken cancellationToken)
    {
        await apps.RemoveAsync(SignedIn.User.Id, App ?? "", cancellationToken);
        return new SeeOther(AccountUrls.After("/account/apps", "removed"));
    }
}

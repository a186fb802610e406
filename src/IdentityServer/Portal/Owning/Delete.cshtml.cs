using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Grants;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.Owning;

/// <summary>Deletes a client, once its owner has read what goes with it and typed its name.</summary>
[Sensitive]
internal sealed class DeleteModel(OwnedClients clients, ClientFootprint footprint, ClientHistory history) : ClientPageModel
{
    private const int Month = 30;

    [BindProperty]
    public string? Name { get; set; }

    /// <summary>What goes with it: the key of each sentence, and its number; what there is none of is left out.</summary>
    public IReadOnlyList<(string Key, int Count)> Consequences { get; private set; } = [];

    public FormField NameField => new("Name", Words["portal.delete-name"])
    {
        Values = [Name ?? ""],
        Required = true,
        Problems = Problems,
    };

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!string.Equals(Name?.Trim(), Client.Settings.Name.Trim(), StringComparison.Ordinal))
        {
            return await RefuseAsync(cancellationToken);
        }

        await clients.DeleteAsync(Client, cancellationToken); // gone already is as good
        return new SeeOther($"{PortalUrls.Home}?done=deleted");
    }

    private async Task<PageResult> RefuseAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Refuse(Words["portal.delete-name-wrong"]);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var counts = await footprint.CountAsync(Client.Settings, cancellationToken);
        var signIns = (await history.ActivityAsync(Client.RowId, Month, cancellationToken)).Total(ActivityKinds.Completed);
        (string, int)[] all =
        [
            ("portal.delete-people", counts.People),
            ("portal.delete-sign-ins", (int)Math.Min(signIns, int.MaxValue)),
            ("portal.delete-tokens", counts.RefreshTokens),
            ("portal.delete-secrets", counts.Secrets),
            ("portal.delete-test-users", counts.TestUsers),
            ("portal.delete-owners", counts.Owners),
        ];
        Consequences = [.. all.Where(consequence => consequence.Item2 > 0)];
    }
}

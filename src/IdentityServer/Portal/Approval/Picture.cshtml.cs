using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.Portal.Logo;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Approval;

/// <summary>The logo of a client that waits for approval, for administrators; of any other client they see none.</summary>
[AdministratorsOnly]
internal sealed class PictureModel(Approvals approvals, ClientLogo logos) : PortalPageModel
{
    [BindProperty(SupportsGet = true, Name = "client")]
    public string? ClientId { get; set; }

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        var waiting = await approvals.PendingAsync(Person.User, cancellationToken);
        var client = waiting.FirstOrDefault(pending => pending.Client.ClientId == ClientId)?.Client;
        return PictureAnswer.Of(Response, client is null ? null : await logos.ReadAsync(client.Id, cancellationToken));
    }
}

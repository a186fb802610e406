using IdentityServer.Clients.Showing;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Logo;

/// <summary>The logo of a client for its owners, whether or not people see it.</summary>
internal sealed class PictureModel(ClientLogo logos) : ClientPageModel
{
    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        PictureAnswer.Of(Response, await logos.ReadAsync(Client.RowId, cancellationToken));
}

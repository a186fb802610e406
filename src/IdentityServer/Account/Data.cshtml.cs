using System.Net.Mime;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Hands out all that is kept of somebody.</summary>
[Sensitive]
internal sealed class DataModel(AccountExport export) : AccountPageModel
{
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) =>
        File(await export.WriteAsync(SignedIn.User, cancellationToken), MediaTypeNames.Application.Json, "account.json");
}

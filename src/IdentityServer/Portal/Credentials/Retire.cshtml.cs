using System.Diagnostics;
using IdentityServer.Clients.Credentials;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Credentials;

/// <summary>Asks once more before a secret goes that something may still hold: for one that has leaked.</summary>
[Sensitive]
internal sealed class RetireModel(ClientSecretDesk desk, TimeProvider clock) : ClientPageModel
{
    [BindProperty(SupportsGet = true, Name = "secret")]
    public Guid SecretId { get; set; }

    public ShownSecret Secret { get; private set; } = null!;

    /// <summary>What can be said of it.</summary>
    public string Evidence { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        var all = await desk.ListAsync(Client.RowId, cancellationToken);
        if (all.FirstOrDefault(secret => secret.Id == SecretId) is not { } found)
        {
            return NotFound();
        }

        (Secret, Evidence) = (found, SecretEvidence.Say(found, all, clock.GetUtcNow(), Words.Words));
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) =>
        await desk.RetireAsync(Client.Settings, SecretId, evenIfUnsafe: true, cancellationToken) switch
        {
            SecretRetired.Done => new SeeOther(AddressOf("secrets", "retired")),
            SecretRetired.Gone => new SeeOther(AddressOf("secrets", "gone")),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
}

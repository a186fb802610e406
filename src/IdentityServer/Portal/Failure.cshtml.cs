using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Ownership;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal;

/// <summary>One failed request of an application: what happened, what to do, and for an address the mend at a button.</summary>
internal sealed class FailureModel(ClientHistory history, OwnedClients clients) : ClientPageModel
{
    /// <summary>Which.</summary>
    [BindProperty(SupportsGet = true, Name = "reference")]
    public string? Reference { get; set; }

    public ShownFailure Failure { get; private set; } = null!;

    /// <summary>Whether the address that came may be registered and is not.</summary>
    public bool MayRegister => Failure.Registrable is { } address
        && !Addresses(Client.Metadata).Contains(address, StringComparer.Ordinal)
        && RedirectUri.TryParse(address, Client.Metadata.ApplicationType, out _, out _);

    protected override IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string> { ["registered"] = "client-failure.registered-now" };

    private bool IsOfSignOut => Failure.Entry.Code == FailureCodes.PostLogoutRedirectUriMismatch;

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) => await LoadAsync(cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        // The address is taken from the entry, never from the form: nobody can have another registered by a button that they did not see.
        if (!await LoadAsync(cancellationToken) || !MayRegister)
        {
            return NotFound();
        }

        if (AskForApproval(clients.Foresee(Client, WithAddress)) is { } question)
        {
            return question;
        }

        return await clients.ChangeAsync(Client, WithAddress, cancellationToken) switch
        {
            EditOutcome.Stored => new SeeOther(FailureLinks.Of(Client.ClientId, Reference!, "registered")),
            EditOutcome.Refused refused => Refuse(refused.Problems),
            EditOutcome.Changed => Refuse(Words["client-failure.changed"]),
            EditOutcome.Gone => NotFound(),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private ClientMetadata WithAddress(ClientMetadata registered) => IsOfSignOut
        ? registered with { PostLogoutRedirectUris = [.. registered.PostLogoutRedirectUris, Failure.Registrable!] }
        : registered with { RedirectUris = [.. registered.RedirectUris, Failure.Registrable!] };

    private IReadOnlyList<string> Addresses(ClientMetadata registered) => IsOfSignOut ? registered.PostLogoutRedirectUris : registered.RedirectUris;

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        if (Reference is not { Length: > 0 and <= 32 } || await history.FindFailureAsync([Client.RowId], Reference, cancellationToken) is not { } entry)
        {
            return false;
        }

        Failure = new(entry, Words.Words);
        return true;
    }
}

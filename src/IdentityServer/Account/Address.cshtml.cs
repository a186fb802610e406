using System.Diagnostics;
using IdentityServer.Domain.Users;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.SignIn.Changes;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Asks for another address: the password once more, then a code to the new one.</summary>
[Sensitive]
internal sealed class AddressModel(PasswordVerifier passwords, AddressStep step) : AccountPageModel
{
    [BindProperty]
    public string? Email { get; set; }

    [BindProperty]
    public string? Current { get; set; }

    public string? EmailProblem { get; private set; }

    public string Present => SignedIn.User.Email;

    /// <summary>A client's test user keeps the address that it was made with.</summary>
    public bool Fixed => SignedIn.User.TestOfClientId is not null;

    protected override IReadOnlyDictionary<string, string> Notices { get; } =
        new Dictionary<string, string> { ["changed"] = "address.changed", [SignInReason.CodeVoid] = "address.void" };

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var user = SignedIn.User;
        if (Fixed)
        {
            return Page(); // which says so
        }

        EmailProblem = !EmailAddress.TryParse(Email, out var address) ? Words["email.malformed"]
            : TestAddress.IsReserved(address) ? Words["email.reserved"]
            : address.Normalized == user.NormalizedEmail ? Words["address.same"]
            : null;
        if (EmailProblem is not null)
        {
            return Page();
        }

        var origin = SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext));
        var verdict = await passwords.CheckAsync(user, user.NormalizedEmail, Current ?? "", origin.Network, cancellationToken);
        if (verdict is not PasswordChecked.Right(var ticket))
        {
            return Refuse(verdict);
        }

        await passwords.GiveBackAsync(ticket);
        return await step.AskAsync(user, address!, origin, cancellationToken) switch
        {
            ProofOutcome.Pending(var challenge) => GoOn(challenge),
            ProofOutcome.Wait(var wait) => Later("address.limit", wait),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private SeeOther GoOn(IssuedChallenge challenge)
    {
        PendingSignIn.Remember(HttpContext, challenge.Handle);
        return new SeeOther(AccountUrls.AddressCode(challenge.Row.Id));
    }
}

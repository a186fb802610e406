using System.Diagnostics;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.SignIn.Changes;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Tells what deleting the account means and takes the password; the code comes next.</summary>
internal sealed class DeleteModel(PasswordVerifier passwords, DeletionStep step) : AccountPageModel
{
    [BindProperty]
    public string? Current { get; set; }

    public string Email => SignedIn.User.Email;

    /// <summary>A client's test user is for the client's owners to delete.</summary>
    public bool Kept => SignedIn.User.TestOfClientId is not null;

    protected override IReadOnlyDictionary<string, string> Notices { get; } =
        new Dictionary<string, string> { [SignInReason.CodeVoid] = "deletion.void" };

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        var user = SignedIn.User;
        if (Kept)
        {
            return Page(); // which says so
        }

        if (await step.BarredUntilAsync(user, cancellationToken) is { } until)
        {
            return Refuse(Words.Say("deletion.barred", ("moment", Words.Words.Moment(until))));
        }

        if (await step.SolelyOwnedAsync(user, cancellationToken) is { Count: > 0 } apps)
        {
            return Refuse(Words.Say("deletion.owns-apps", ("apps", string.Join(", ", apps))));
        }

        var origin = SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext));
        var verdict = await passwords.CheckAsync(user, user.NormalizedEmail, Current ?? "", origin.Network, cancellationToken);
        if (verdict is not PasswordChecked.Right(var ticket))
        {
            return Refuse(verdict);
        }

        await passwords.GiveBackAsync(ticket);
        return await step.AskAsync(user, origin, cancellationToken) switch
        {
            ProofOutcome.Pending(var challenge) => GoOn(challenge),
            ProofOutcome.Wait(var wait) => Later("deletion.limit", wait),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private SeeOther GoOn(IssuedChallenge challenge)
    {
        PendingSignIn.Remember(HttpContext, challenge.Handle);
        return new SeeOther(AccountUrls.DeletionCode(challenge.Row.Id));
    }
}

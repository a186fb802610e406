using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.SignIn.Changes;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>
/// Takes the code that was mailed to the new address. It asks for no fresh sign-in, as the page before did: mail may take longer than ten
/// minutes, and the challenge is bound to that browser, that password and that address.
/// </summary>
internal sealed class AddressCodeModel(AddressStep step, AddressChanges addresses, CodePageReader reader, TimeProvider clock)
    : CodePageModel(reader, clock, OtpPurpose.NewAddress)
{
    /// <summary>The address that is to be proven. It is the person's own input, so it stands in full.</summary>
    public string NewAddress { get; private set; } = "";

    public Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => TakeAsync(
        (pending, code) => step.AnswerAsync(
            pending, code, SignedIn.Of(HttpContext).Session, SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext)), cancellationToken),
        _ => AccountUrls.After("/account/address", "changed"),
        cancellationToken);

    protected override bool TellsDelivery => true;

    protected override string AskUrl(string? reason) => AccountUrls.After("/account/address", reason);

    protected override string PageUrl(Guid challengeId) => AccountUrls.AddressCode(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);

    protected override async Task<bool> LoadMoreAsync(CancellationToken cancellationToken)
    {
        // Another account may be signed in by now, in the same browser.
        if (View!.Challenge.UserId != SignedIn.Of(HttpContext).User.Id
            || await addresses.PendingAsync(View.Challenge.Id, cancellationToken) is not { } pending)
        {
            return false;
        }

        NewAddress = pending.Email;
        return true;
    }
}

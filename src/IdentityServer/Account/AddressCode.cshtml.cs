using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.SignIn;
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

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Pending is not { } pending)
        {
            return StartAgain();
        }

        if (!OneTimeCode.TryParse(Digits, out var code))
        {
            return await RefuseAsync(Words["code.malformed"], cancellationToken);
        }

        var verdict = await step.AnswerAsync(
            pending, code, SignedIn.Of(HttpContext).Session, SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext)), cancellationToken);
        if (verdict is not OtpVerdict.Accepted)
        {
            return await AnswerAsync(verdict, cancellationToken);
        }

        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(AccountUrls.After("/account/address", "changed"));
    }

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

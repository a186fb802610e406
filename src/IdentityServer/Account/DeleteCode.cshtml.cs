using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Changes;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Takes the code with which the account is deleted.</summary>
internal sealed class DeleteCodeModel(DeletionStep step, CodePageReader reader, TimeProvider clock)
    : CodePageModel(reader, clock, OtpPurpose.Deletion)
{
    public string MaskedAddress => AddressMask.Of(SignedIn.Of(HttpContext).User.Email);

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

        var origin = SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext));
        var verdict = await step.AnswerAsync(pending, code, SignedIn.Of(HttpContext).User, origin, cancellationToken);
        if (verdict is not OtpVerdict.Accepted)
        {
            return await AnswerAsync(verdict, cancellationToken);
        }

        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(ReturnRequest.Of(null, null, Words.Language.Tag).SignInPage(SignInReason.AccountDeleted));
    }

    protected override bool TellsDelivery => true;

    protected override string AskUrl(string? reason) => AccountUrls.After("/account/delete", reason);

    protected override string PageUrl(Guid challengeId) => AccountUrls.DeletionCode(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);

    // Another account may be signed in by now, in the same browser.
    protected override Task<bool> LoadMoreAsync(CancellationToken cancellationToken) =>
        Task.FromResult(View!.Challenge.UserId == SignedIn.Of(HttpContext).User.Id);
}

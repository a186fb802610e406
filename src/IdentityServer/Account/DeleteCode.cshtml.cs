using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.SignIn.Changes;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Account;

/// <summary>Takes the code with which the account is deleted.</summary>
internal sealed class DeleteCodeModel(DeletionStep step, CodePageReader reader, TimeProvider clock)
    : CodePageModel(reader, clock, OtpPurpose.Deletion)
{
    public string MaskedAddress => AddressMask.Of(SignedIn.Of(HttpContext).User.Email);

    public Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => TakeAsync(
        (pending, code) => step.AnswerAsync(
            pending, code, SignedIn.Of(HttpContext).User, SignInOrigin.Of(HttpContext, ReturnRequest.ToPage(HttpContext)), cancellationToken),
        _ => ReturnRequest.Of(null, null, Words.Language.Tag).SignInPage(SignInReason.AccountDeleted),
        cancellationToken);

    protected override bool TellsDelivery => true;

    protected override string AskUrl(string? reason) => AccountUrls.After("/account/delete", reason);

    protected override string PageUrl(Guid challengeId) => AccountUrls.DeletionCode(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);

    // Another account may be signed in by now, in the same browser.
    protected override Task<bool> LoadMoreAsync(CancellationToken cancellationToken) =>
        Task.FromResult(View!.Challenge.UserId == SignedIn.Of(HttpContext).User.Id);
}

using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Pages;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.SignIn.SignUp;

/// <summary>Takes the code that proves a new account's address.</summary>
[AuthorizeChain]
internal sealed class ConfirmModel(SignUpStep step, CodePageReader reader, PendingAccounts accounts, TimeProvider clock)
    : CodePageModel(reader, clock, OtpPurpose.SignUp)
{
    public string MaskedAddress { get; private set; } = "";

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

        var verdict = await step.AnswerAsync(pending, code, SignInOrigin.Of(HttpContext, Target).Network, cancellationToken);
        if (verdict is not OtpVerdict.Accepted accepted)
        {
            return await AnswerAsync(verdict, cancellationToken);
        }

        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(ReturnRequest.Of(accepted.ClientId, accepted.RequestUri, Words.Wished?.Tag, Target.Page).SignInPage(SignInReason.AccountMade));
    }

    // Something is mailed to the address either way.
    protected override bool TellsDelivery => true;

    protected override string AskUrl(string? reason) => Target.SignUpPage(reason);

    protected override string PageUrl(Guid challengeId) => Target.SignUpCodePage(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);

    protected override async Task<bool> LoadMoreAsync(CancellationToken cancellationToken)
    {
        if (await accounts.FindAsync(View!.Challenge.Id, cancellationToken) is not { } pending)
        {
            return false;
        }

        MaskedAddress = AddressMask.Of(pending.Email);
        return true;
    }
}

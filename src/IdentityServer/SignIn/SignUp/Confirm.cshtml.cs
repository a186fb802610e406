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

    public Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => TakeAsync(
        (pending, code) => step.AnswerAsync(pending, code, SignInOrigin.Of(HttpContext, Target).Network, cancellationToken),
        accepted => ReturnRequest.Of(accepted.ClientId, accepted.RequestUri, Words.Wished?.Tag, Target.Page).SignInPage(SignInReason.AccountMade),
        cancellationToken);

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

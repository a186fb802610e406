using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Pages;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.SignIn.Reset;

/// <summary>Takes the mailed code together with the new password: nothing waits half done between the two.</summary>
[AuthorizeChain]
internal sealed class ChooseModel(ResetStep step, CodePageReader reader, TimeProvider clock) : CodePageModel(reader, clock, OtpPurpose.Reset)
{
    [BindProperty]
    public string? Password { get; set; }

    public string? PasswordProblem { get; private set; }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Pending is not { } pending)
        {
            return StartAgain();
        }

        // Both before the code is spent: a password that is refused must not cost a try.
        PasswordProblem = PasswordWords.Problem(Words.Words, Password);
        if (!OneTimeCode.TryParse(Digits, out var code))
        {
            return await RefuseAsync(Words["code.malformed"], cancellationToken);
        }

        if (PasswordProblem is not null)
        {
            return await OnGetAsync(cancellationToken);
        }

        var verdict = await step.AnswerAsync(pending, code, Password!, SignInOrigin.Of(HttpContext, Target), cancellationToken);
        if (verdict is not OtpVerdict.Accepted accepted)
        {
            return await AnswerAsync(verdict, cancellationToken);
        }

        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(ReturnRequest.Of(accepted.ClientId, accepted.RequestUri, Words.Wished?.Tag, Target.Page).SignInPage(SignInReason.PasswordChanged));
    }

    protected override string AskUrl(string? reason) => Target.ResetPage(reason);

    protected override string PageUrl(Guid challengeId) => Target.ResetCodePage(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);
}

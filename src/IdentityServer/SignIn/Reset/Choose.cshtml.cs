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
        // Before the code is spent: a password that is refused must not cost a try. What is no code is said first.
        PasswordProblem = PasswordWords.Problem(Words.Words, Password);
        if (PasswordProblem is not null && OneTimeCode.TryParse(Digits, out _))
        {
            return await OnGetAsync(cancellationToken);
        }

        return await TakeAsync(
            (pending, code) => step.AnswerAsync(pending, code, Password!, SignInOrigin.Of(HttpContext, Target), cancellationToken),
            accepted => ReturnRequest.Of(accepted.ClientId, accepted.RequestUri, Words.Wished?.Tag, Target.Page).SignInPage(SignInReason.PasswordChanged),
            cancellationToken);
    }

    protected override string AskUrl(string? reason) => Target.ResetPage(reason);

    protected override string PageUrl(Guid challengeId) => Target.ResetCodePage(challengeId);

    protected override Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken) => step.ResendAsync(View!.Challenge, cancellationToken);
}

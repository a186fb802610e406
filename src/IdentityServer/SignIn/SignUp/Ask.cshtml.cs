using System.Diagnostics;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn.SignUp;

/// <summary>Asks for an account: address and password.</summary>
[AuthorizeChain]
internal sealed class AskModel(SignUpStep step) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "reason")]
    public string? Reason { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public string? Notice { get; private set; }

    /// <summary>What is wrong with the address.</summary>
    public string? EmailProblem { get; private set; }

    /// <summary>What is wrong with the password.</summary>
    public string? PasswordProblem { get; private set; }

    public string? Problem { get; private set; }

    public string SignInUrl => Target.SignInPage();

    private PageWords Words => PageWords.Of(HttpContext);

    private ReturnRequest Target => ReturnRequest.Of(HttpContext);

    public void OnGet() => Notice = Reason == SignInReason.CodeVoid ? Words["sign-up.void"] : null;

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        EmailProblem = !EmailAddress.TryParse(Email, out var address) ? Words["email.malformed"]
            : TestAddress.IsReserved(address) ? Words["email.reserved"]
            : null;
        PasswordProblem = PasswordWords.Problem(Words.Words, Password);
        if (EmailProblem is not null || PasswordProblem is not null)
        {
            return Page();
        }

        return await step.AskAsync(address!, Password!, SignInOrigin.Of(HttpContext, Target), cancellationToken) switch
        {
            ProofOutcome.Pending(var challenge) => GoOn(challenge),
            ProofOutcome.Wait(var wait) => Later(StatusCodes.Status429TooManyRequests, "sign-up.limit", wait),
            ProofOutcome.Busy => Later(StatusCodes.Status503ServiceUnavailable, "limits.overloaded", TimeSpan.FromSeconds(5)),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private SeeOther GoOn(IssuedChallenge challenge)
    {
        PendingSignIn.Remember(HttpContext, challenge.Handle);
        return new SeeOther(Target.SignUpCodePage(challenge.Row.Id));
    }

    private PageResult Later(int status, string text, TimeSpan wait)
    {
        WaitAnswer.Write(Response, status, wait);
        Problem = Words.Say(text, ("wait", Words.Words.Span(wait)));
        return Page();
    }
}

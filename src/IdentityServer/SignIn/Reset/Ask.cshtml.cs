using System.Diagnostics;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.SignIn.Proofs;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn.Reset;

/// <summary>Asks for a code with which a new password is chosen. It says the same whether or not there is such an account.</summary>
[AuthorizeChain]
internal sealed class AskModel(ResetStep step) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "reason")]
    public string? Reason { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    public string? Notice { get; private set; }

    public string? EmailProblem { get; private set; }

    public string? Problem { get; private set; }

    public string SignInUrl => Target.SignInPage();

    private PageWords Words => PageWords.Of(HttpContext);

    private ReturnRequest Target => ReturnRequest.Of(HttpContext);

    public void OnGet() => Notice = Reason == SignInReason.CodeVoid ? Words["reset.void"] : null;

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(Email, out var address))
        {
            EmailProblem = Words["email.malformed"];
            return Page();
        }

        return await step.AskAsync(address, SignInOrigin.Of(HttpContext, Target), cancellationToken) switch
        {
            ProofOutcome.Pending(var challenge) => GoOn(challenge),
            ProofOutcome.Wait(var wait) => Later(wait),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private SeeOther GoOn(IssuedChallenge challenge)
    {
        PendingSignIn.Remember(HttpContext, challenge.Handle);
        return new SeeOther(Target.ResetCodePage(challenge.Row.Id));
    }

    private PageResult Later(TimeSpan wait)
    {
        WaitAnswer.Write(Response, StatusCodes.Status429TooManyRequests, wait);
        Problem = Words.Say("reset.limit", ("wait", Words.Words.Span(wait)));
        return Page();
    }
}
